using WorkerHost.V1;

namespace WorkerHost.Worker;

/// <summary>The tasks of this worker by name: an allow-list, fixed once the worker serves.</summary>
internal sealed class TaskTable
{
    private readonly Dictionary<string, TaskHandler> handlers = new(StringComparer.Ordinal);
    private bool closed;

    public IReadOnlyCollection<string> Names => handlers.Keys;

    public int Count => handlers.Count;

    /// <exception cref="ArgumentException">The name is empty, too long or taken.</exception>
    /// <exception cref="InvalidOperationException">The worker already serves.</exception>
    public void Add(TaskHandler handler)
    {
        if (closed)
        {
            throw new InvalidOperationException($"task \"{handler.Name}\" must be mapped before RunAsync");
        }

        if (!handlers.TryAdd(handler.Name, handler))
        {
            throw new ArgumentException($"a task named \"{handler.Name}\" is already mapped", nameof(handler));
        }
    }

    public static string Checked(string name)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        return name.Length <= ProtocolLimits.MaxNameLength
            ? name
            : throw new ArgumentException($"a task's name has at most {ProtocolLimits.MaxNameLength} characters; this one has {name.Length}", nameof(name));
    }

    /// <exception cref="InvalidOperationException">A handler takes a service that was registered after it was mapped.</exception>
    public void Close(HandlerServices services)
    {
        closed = true;
        foreach (var handler in handlers.Values)
        {
            handler.Close(services);
        }
    }

    /// <summary>Those of the user's gRPC services.</summary>
    public IEnumerable<IMethodHandler> Methods => handlers.Values.OfType<IMethodHandler>();

    public TaskHandler? Find(string name) => handlers.GetValueOrDefault(name);

    public IEnumerable<TaskDescription> Describe() => handlers.Values.Select(
        static handler => new TaskDescription
        {
            Name = handler.Name,
            ContentTypes = { handler.ContentTypes },
            YieldsItems = handler.YieldsItems,
            Streaming = handler is IMethodHandler { Method.Type: not Grpc.Core.MethodType.Unary },
        });
}
