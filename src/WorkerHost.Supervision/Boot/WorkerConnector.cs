using System.Net.Sockets;

namespace WorkerHost.Supervision;

/// <summary>
/// Connects to a worker that is still booting: tries again until someone listens, and makes sure on a Unix socket that
/// it is the process that was spawned. The call that waits on it costs nothing but the tries, so the gRPC machinery of
/// the probe warms up while the worker boots.
/// </summary>
internal sealed class WorkerConnector(LaunchPlan plan, WorkerPeer peer, BootSteps steps, TimeProvider time)
{
    /// <summary>
    /// The pause grows with what has been waited already, so that it costs at most a twentieth of the boot in latency,
    /// and some tries per second of a slow boot.
    /// </summary>
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(2);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(50);

    private readonly long startedAt = time.GetTimestamp();

    public async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancel)
    {
        while (true)
        {
            steps.LookIntoLedger();
            if (await TryConnectAsync(cancel).ConfigureAwait(false) is { } stream)
            {
                steps.Reach(BootSteps.Connected);
                steps.Meet("no answer from its health service");
                return stream;
            }

            await PauseAsync(cancel).ConfigureAwait(false);
        }
    }

    public Task PauseAsync(CancellationToken cancel)
    {
        var pause = time.GetElapsedTime(startedAt) / 20;
        pause = pause < ShortestPause ? ShortestPause : pause > LongestPause ? LongestPause : pause;
        return Task.Delay(pause, time, cancel);
    }

    private async Task<Stream?> TryConnectAsync(CancellationToken cancel)
    {
        // A missing file is the usual case while booting, and much cheaper to see than an exception.
        if (plan.SocketPath is not null && !File.Exists(plan.SocketPath))
        {
            steps.Meet("its socket does not exist");
            return null;
        }

        var socket = plan.NewSocket();
        try
        {
            await socket.ConnectAsync(plan.EndPoint, cancel).ConfigureAwait(false);
            if (plan.SocketPath is null || IsWorker(socket))
            {
                return new NetworkStream(socket, ownsSocket: true);
            }
        }
        catch (SocketException e)
        {
            steps.Meet($"connecting: {e.SocketErrorCode}");
        }
        catch
        {
            socket.Dispose();
            throw;
        }

        socket.Dispose();
        return null;
    }

    private bool IsWorker(Socket socket)
    {
        if (peer.Problem(socket) is not { } problem)
        {
            return true;
        }

        steps.Meet(problem);
        return false;
    }
}
