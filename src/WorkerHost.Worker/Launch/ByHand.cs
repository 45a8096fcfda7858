namespace WorkerHost.Worker;

/// <summary>What a worker says to whoever starts it by hand.</summary>
internal static class ByHand
{
    public static void Explain(TextWriter output, string program, IReadOnlyCollection<string> tasks)
    {
        output.WriteLine($"{program} is a WorkerHost worker: it runs tasks for a supervisor and does nothing by itself.");
        output.WriteLine("A supervisor starts it, for example from another program:");
        output.WriteLine($"    await using var pool = await WorkerPool.StartAsync(new WorkerCommand {{ FileName = \"{program}\" }});");
        output.WriteLine(tasks.Count == 0 ? "It offers no tasks: nothing was mapped with MapTask." : $"It offers: {string.Join(", ", tasks)}");
    }
}
