namespace WorkerHost.Supervision;

/// <summary>
/// One operating-system process that we started, leader of its own session and group. Thread-safe.
/// </summary>
internal sealed class ChildProcess(ProcessIdentity identity, InputPipe input, ControlGroup? controlGroup = null)
{
    private readonly Lock gate = new();
    private bool reaped;

    public ProcessIdentity Identity => identity;

    public int Pid => identity.Pid;

    /// <summary>Writes to its stdin without ever blocking; false when not all of it could be written.</summary>
    public bool WriteInput(ReadOnlySpan<byte> bytes) => input.Write(bytes);

    /// <summary>Ends its stdin. Safe at any time, any number of times.</summary>
    public void CloseLifeline() => input.Dispose();

    /// <summary>
    /// Sends a signal to the process, or to its whole group; does nothing once it has been reaped. SIGKILL to the group also
    /// ends all in its control group, which is nobody else's at any time, where that can be done at once.
    /// </summary>
    public void Signal(int signal, bool group)
    {
        // Until it is reaped its number, and that of its group, cannot be given to anyone else, so the signal cannot hit a
        // stranger. Where somebody else in this process has reaped it (waitpid(-1), an ignored SIGCHLD) it is no child of
        // ours any more, and nobody is signalled on a guess.
        lock (gate)
        {
            if (!reaped && ChildExit.Peek(Pid, block: false) != ExitFacts.Unknown)
            {
                _ = Libc.kill(group ? -Pid : Pid, signal);
            }
        }

        if (group && signal == SignalNames.Kill)
        {
            controlGroup?.TryKillAtOnce();
        }
    }

    /// <summary>Runs the reaping such that no signal can come after it.</summary>
    public T Reap<T>(Func<int, T> reap)
    {
        lock (gate)
        {
            reaped = true;
            return reap(Pid);
        }
    }
}
