namespace WorkerHost.Client;

/// <summary>Tasks that are not run any more because workers died of them, by id; bounded, the oldest is forgotten first.</summary>
internal sealed class Quarantine
{
    /// <summary>Far more than anybody reads; what is forgotten costs two more workers when it is submitted again.</summary>
    public const int MaxTasks = 1000;

    private readonly Dictionary<string, LinkedListNode<QuarantinedTask>> byId = new(StringComparer.Ordinal);
    private readonly LinkedList<QuarantinedTask> inOrder = [];

    public int Count => inOrder.Count;

    public void Add(QuarantinedTask task)
    {
        Release(task.Id);
        byId.Add(task.Id, inOrder.AddLast(task));
        if (inOrder.Count > MaxTasks)
        {
            Release(inOrder.First!.Value.Id);
        }
    }

    public QuarantinedTask? Find(string id) => byId.TryGetValue(id, out var node) ? node.Value : null;

    public bool Release(string id)
    {
        if (!byId.Remove(id, out var node))
        {
            return false;
        }

        inOrder.Remove(node);
        return true;
    }

    /// <summary>A copy, oldest first.</summary>
    public List<QuarantinedTask> All() => [.. inOrder];
}
