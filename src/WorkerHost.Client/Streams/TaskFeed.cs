namespace WorkerHost.Client;

/// <summary>Where goes what a task says before its end. A task whose caller wants to hear none of it has no such thing.</summary>
internal sealed class TaskFeed(ItemBuffer? items, ProgressRelay? progress)
{
    /// <summary>Null: its caller takes no items one by one.</summary>
    public ItemBuffer? Items => items;

    public ProgressRelay? Progress => progress;

    /// <summary>Its caller has been given an item, so another attempt would give it again. The dispatcher's, in its gate.</summary>
    public bool HasYielded;
}
