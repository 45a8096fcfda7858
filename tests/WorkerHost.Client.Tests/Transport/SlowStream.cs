namespace WorkerHost.Client.Tests;

/// <summary>A socket that is read only when the test lets it be.</summary>
internal sealed class SlowStream(Stream inner, Task mayRead) : AsyncStream
{
    /// <summary>Reads after the first so many wait.</summary>
    public Func<bool> Waits { get; init; } = static () => true;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (Waits())
        {
            await mayRead.WaitAsync(cancellationToken);
        }

        return await inner.ReadAsync(buffer, cancellationToken);
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => inner.WriteAsync(buffer, cancellationToken);

    public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

    public override void Flush() => inner.Flush();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            inner.Dispose();
        }

        base.Dispose(disposing);
    }
}
