using System.Net.Sockets;

namespace WorkerHost.Supervision;

/// <summary>
/// Finds out whether anybody still listens at a worker's address: connects now and then and hangs up at once. The kernel answers for
/// the worker, so one that is busy or stopped is found listening. Touched by the owner loop only.
/// </summary>
internal sealed class Doorbell(LaunchPlan plan, TimeSpan pause, TimeProvider time) : IAsyncDisposable
{
    private readonly CancellationTokenSource ending = new();
    private Task ringing = Task.CompletedTask;
    private long rungAt = time.GetTimestamp();
    private volatile bool closed;

    /// <summary>The address where the last ring found nobody; null: somebody listens, as far as is known.</summary>
    public Uri? ClosedAddress => closed ? plan.Address : null;

    /// <summary>The answer comes behind; a look finds the one before.</summary>
    public void RingIfDue()
    {
        if (ringing.IsCompleted && time.GetElapsedTime(rungAt) >= pause)
        {
            rungAt = time.GetTimestamp();
            ringing = Task.Run(RingAsync);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await ending.CancelAsync().ConfigureAwait(false);
        await ringing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        ending.Dispose();
    }

    private async Task RingAsync()
    {
        if (plan.SocketPath is { } path && !File.Exists(path))
        {
            closed = true;
            return;
        }

        using var socket = plan.NewSocket();
        try
        {
            await socket.ConnectAsync(plan.EndPoint, ending.Token).ConfigureAwait(false);
            closed = false;
        }
        catch (SocketException e)
        {
            // A full queue, no ports left: says nothing about the worker.
            closed = e.SocketErrorCode == SocketError.ConnectionRefused;
        }
    }
}
