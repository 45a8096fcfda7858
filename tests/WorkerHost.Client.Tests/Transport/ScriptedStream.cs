namespace WorkerHost.Client.Tests;

/// <summary>A socket that says what it was told to, in pieces of the sizes it was told, and then ends as it was told.</summary>
internal sealed class ScriptedStream(byte[] bytes, Func<int> pieceSize, bool reset = false) : AsyncStream
{
    private readonly TaskCompletionSource end = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int at;
    private bool writesFail;

    public MemoryStream Written { get; } = new();

    public int WriteCalls { get; private set; }

    /// <summary>By default the end comes right after the last byte; held back, it comes when it is let go.</summary>
    public bool HoldEnd { get; init; }

    public void LetEnd() => end.TrySetResult();

    public void FailWrites() => writesFail = true;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (at == bytes.Length)
        {
            if (HoldEnd)
            {
                await end.Task.WaitAsync(cancellationToken);
            }

            return reset ? throw new IOException("connection reset by peer") : 0;
        }

        var count = Math.Min(Math.Min(buffer.Length, Math.Max(1, pieceSize())), bytes.Length - at);
        bytes.AsMemory(at, count).CopyTo(buffer);
        at += count;
        return count;
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        WriteCalls++;
        if (writesFail)
        {
            throw new IOException("broken pipe");
        }

        Written.Write(buffer.Span);
        return default;
    }
}
