using WorkerHost.Supervision;

namespace WorkerHost.Sidecar.Hosting;

/// <summary>
/// Notices that another process is gone, so that a host ends with the app beside which it was started. The process is known by
/// number and start time: whoever gets its number afterwards is not taken for it. One that has ended counts as gone also while its
/// parent has not asked for its exit code. Looked at four times a second, one read of /proc each. Thread-safe.
/// </summary>
internal sealed class ExitWithPid : IAsyncDisposable
{
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(250);

    private readonly CancellationTokenSource stop = new();
    private readonly Task loop;

    private ExitWithPid(int pid, ProcessStatus? process, TimeProvider time)
    {
        Pid = pid;
        loop = process is null ? Task.CompletedTask : WaitAsync(process, time, stop.Token);
    }

    public int Pid { get; }

    /// <summary>Done when the process is gone, at once where it is gone already; cancelled by <see cref="DisposeAsync"/>.</summary>
    public Task Gone => loop;

    /// <summary>Begins to watch the process that has this number now.</summary>
    /// <exception cref="ArgumentOutOfRangeException">No process can have that number.</exception>
    /// <exception cref="IOException">It is there, but hidden from this user (/proc is mounted with hidepid).</exception>
    /// <exception cref="PlatformNotSupportedException">This is not Linux.</exception>
    public static ExitWithPid Watch(int pid, TimeProvider time)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(pid);
        if (!OperatingSystem.IsLinux())
        {
            throw new PlatformNotSupportedException("a process can be watched by its number on Linux only");
        }

        var process = ProcessStatus.TryOpen(ProcessIdentity.Holder(pid));
        return process is not null || Libc.kill(pid, 0) != 0 && Libc.Errno == Libc.ESRCH
            ? new ExitWithPid(pid, process, time)
            : throw new IOException($"process {pid} is there, but /proc does not show it to this user, so that its end could not be seen");
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync().ConfigureAwait(false);
        await loop.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        stop.Dispose();
    }

    private static async Task WaitAsync(ProcessStatus process, TimeProvider time, CancellationToken cancellationToken)
    {
        using (process)
        {
            using var timer = new PeriodicTimer(Pace, time);
            while (process.Read() is { ResidentBytes: not null })
            {
                await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false);
            }
        }
    }
}
