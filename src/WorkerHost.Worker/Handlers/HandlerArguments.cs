namespace WorkerHost.Worker;

/// <summary>The arguments of a handler among its parameters: what they may be, and how callers are told of them.</summary>
internal sealed class HandlerArguments
{
    private readonly string task;
    private readonly HandlerParameter[] all;

    /// <exception cref="ArgumentException">One of them cannot travel.</exception>
    public HandlerArguments(string task, IEnumerable<HandlerParameter> parameters)
    {
        this.task = task;
        all = [.. parameters.Where(static p => p.Source == ParameterSource.Argument)];
        if (all.Length > 1 && Array.Find(all, static p => p.IsMessage) is { } message)
        {
            throw new ArgumentException($"parameter \"{message}\" of task \"{task}\" is a protobuf message and must be the only argument", nameof(parameters));
        }

        foreach (var argument in all)
        {
            argument.RequireJson(task);
        }
    }

    public ReadOnlySpan<HandlerParameter> All => all;

    /// <summary>The content types that these can be read from, the preferred one first.</summary>
    public string[] ContentTypes => all switch
    {
        [{ IsBytes: true }] => [ContentType.Bytes, ContentType.Json],
        [{ IsMessage: true }] => [ContentType.Protobuf],
        _ => [ContentType.Json],
    };

    /// <summary>What a caller should have sent.</summary>
    public string Expectation =>
        $"task \"{task}\" takes a JSON array of {all.Length} argument{(all.Length == 1 ? "" : "s")} ({string.Join(", ", all.Select(static a => a.ToString()))})";

    /// <exception cref="InvalidOperationException">One of them is a service that was registered after the task was mapped.</exception>
    public void Close(HandlerServices services)
    {
        foreach (var argument in all)
        {
            services.Check(argument, task);
        }
    }
}
