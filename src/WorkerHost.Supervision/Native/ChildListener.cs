namespace WorkerHost.Supervision;

internal enum OutputStream
{
    Stdout = 0,
    Stderr = 1,
}

/// <summary>
/// Whoever started a process hears of it here, always on the watcher's thread, which serves all processes: return
/// quickly and never call a user.
/// </summary>
internal abstract class ChildListener
{
    public abstract void Output(OutputStream stream, ReadOnlySpan<byte> bytes);

    /// <summary>Once; all output that was there has been delivered, its group has been killed, and it has been reaped.</summary>
    public abstract void Exited(ExitFacts facts, long? peakMemoryBytes);

    /// <summary>One of the above threw. The watcher goes on.</summary>
    public abstract void Faulted(Exception exception);
}
