namespace WorkerHost.Worker;

/// <summary>Bytes in, bytes out: the fast path. Neither side is copied.</summary>
internal sealed class BytesHandler(
    string name,
    Func<ReadOnlyMemory<byte>, TaskContext, CancellationToken, ValueTask<ReadOnlyMemory<byte>>> handler)
    : TaskHandler(name, [ContentType.Bytes])
{
    public override TaskResult Run(TaskRun run, CancellationToken cancellationToken)
    {
        var contentType = run.ContentType;
        if (!Is(contentType, ContentType.Bytes))
        {
            throw UnknownContentType(contentType.Length == 0 ? ContentType.Json : contentType);
        }

        return new TaskResult(Wrap(Wait(handler(run.Payload.Memory, run, cancellationToken))), ContentType.Bytes);
    }
}
