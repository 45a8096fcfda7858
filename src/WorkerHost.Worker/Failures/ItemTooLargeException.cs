namespace WorkerHost.Worker;

/// <summary>The handler yielded an item that is larger than a result may be.</summary>
internal sealed class ItemTooLargeException(int size) : Exception($"an item has {size} bytes")
{
    public int Size => size;
}
