namespace WorkerHost.Supervision.Tests.Isolation;

/// <summary>What a worker says it finds itself to be.</summary>
internal sealed class WorkerFacts
{
    private readonly List<(string Name, string Value)> facts = [];

    public string this[string name] => Assert.Single(facts, f => f.Name == name).Value;

    public IEnumerable<string> All(string name) => facts.Where(f => f.Name == name).Select(f => f.Value);

    /// <summary>Starts a worker of its own isolation and asks it.</summary>
    public static async Task<WorkerFacts> OfAsync(IsolationOptions isolation, Func<WorkerCommand, WorkerCommand>? also = null)
    {
        var command = Supervised.Dummy("facts");
        await using var supervised = await Supervised.StartAsync((also ?? (c => c))(command), new SupervisorOptions { Workers = 1, Isolation = isolation });
        return await ReadAsync(supervised);
    }

    public static async Task<WorkerFacts> ReadAsync(Supervised supervised)
    {
        const string Start = "fact ";
        var result = new WorkerFacts();
        while (true)
        {
            var line = (await supervised.Log.Output(Start)).Text;
            var parts = line[(line.IndexOf(Start, StringComparison.Ordinal) + Start.Length)..].Split(' ', 2);
            if (parts[0] == "end")
            {
                return result;
            }

            result.facts.Add((parts[0], parts[1]));
        }
    }
}
