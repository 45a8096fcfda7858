namespace WorkerHost.Supervision;

/// <summary>Reads how a child ended, and takes it out of the process table: two steps, so that there is a time between.</summary>
internal static unsafe class ChildExit
{
    /// <summary>siginfo_t after si_signo, si_errno, si_code: the union is aligned to a pointer; si_pid, si_uid, si_status.</summary>
    private static readonly int StatusAt = (IntPtr.Size == 8 ? 16 : 12) + 8;

    public const int CodeAt = 8;

    /// <summary>How it ended, leaving it a zombie; null while it is alive.</summary>
    public static ExitFacts? Peek(int pid, bool block)
    {
        var info = stackalloc byte[Libc.SignalInfoSize];
        while (true)
        {
            new Span<byte>(info, Libc.SignalInfoSize).Clear();
            if (Libc.waitid(Libc.P_PID, (uint)pid, info, Libc.WEXITED | Libc.WNOWAIT | (block ? 0 : Libc.WNOHANG)) == 0)
            {
                break;
            }

            if (Libc.Errno != Libc.EINTR)
            {
                return ExitFacts.Unknown;
            }
        }

        var bytes = new ReadOnlySpan<byte>(info, Libc.SignalInfoSize);
        var code = BitConverter.ToInt32(bytes[CodeAt..]);
        var status = BitConverter.ToInt32(bytes[StatusAt..]);
        return code switch
        {
            0 => null,
            Libc.CLD_EXITED => ExitFacts.Exited(status),
            Libc.CLD_KILLED => ExitFacts.Signalled(status),
            Libc.CLD_DUMPED => ExitFacts.Signalled(status, coreDumped: true),
            _ => ExitFacts.Unknown,
        };
    }

    /// <summary>Reaps it and says how much memory it had at its peak, where that can be known.</summary>
    public static long? Reap(int pid)
    {
        var status = 0;
        var usage = stackalloc long[32];
        if (Libc.wait4(pid, &status, Libc.WNOHANG, usage) != pid)
        {
            return null;
        }

        // ru_maxrss is the first long after two struct timeval. A child made by vfork starts with its parent's peak
        // counted as its own (exec_mmap keeps the high-water mark of the memory it leaves), so the figure is the
        // child's only where it is above ours.
        const int MaxRssAt = 4;
        var peak = usage[MaxRssAt];
        return Libc.getrusage(0, usage) == 0 && peak > usage[MaxRssAt] ? peak * 1024 : null;
    }
}
