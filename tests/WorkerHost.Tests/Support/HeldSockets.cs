using System.Net.Sockets;

namespace WorkerHost.Tests;

/// <summary>Stands between the sockets of sessions and their readers, and lets a test make a reader slow.</summary>
internal sealed class HeldSockets
{
    public HeldSocket Latest { get; private set; } = null!;

    public HeldSocket? HeldOne => all.FindLast(s => s.IsHeld);

    private readonly List<HeldSocket> all = [];

    public Stream Wrap(Stream stream)
    {
        Latest = new HeldSocket((NetworkStream)stream);
        all.Add(Latest);
        return Latest;
    }
}

/// <summary>Reads a socket only when there is something and the test allows it, so that what has arrived stays in the kernel.</summary>
internal sealed class HeldSocket(NetworkStream stream) : AsyncStream
{
    private TaskCompletionSource open = Opened();

    public bool IsReading { get; private set; }

    public bool IsHeld => !open.Task.IsCompleted;

    public int Available => stream.Socket.Available;

    public void Hold() => open = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Release() => open.TrySetResult();

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        IsReading = true;

        // Waits until there is something, without taking it.
        _ = await stream.ReadAsync(Memory<byte>.Empty, cancellationToken);
        await open.Task.WaitAsync(cancellationToken);
        IsReading = false;
        return await stream.ReadAsync(buffer, cancellationToken);
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => stream.WriteAsync(buffer, cancellationToken);

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    protected override void Dispose(bool disposing)
    {
        open.TrySetResult();
        stream.Dispose();
        base.Dispose(disposing);
    }

    private static TaskCompletionSource Opened()
    {
        var source = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        source.SetResult();
        return source;
    }
}
