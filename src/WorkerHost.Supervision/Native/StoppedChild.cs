namespace WorkerHost.Supervision;

/// <summary>Notices that somebody stops a child (SIGSTOP), which no pidfd tells: by a thread that does nothing but wait for it.</summary>
internal static unsafe class StoppedChild
{
    private const int StackBytes = 128 * 1024;

    /// <param name="pid">A child of this process that has not been reaped yet.</param>
    /// <param name="stopped">Called at most once, on that thread; never when it ends without having been stopped.</param>
    public static void Watch(int pid, Action stopped) =>
        new Thread(() => Wait(pid, stopped), StackBytes) { IsBackground = true, Name = "workerhost-ward" }.Start();

    private static void Wait(int pid, Action stopped)
    {
        var info = stackalloc byte[Libc.SignalInfoSize];
        int result;
        do
        {
            new Span<byte>(info, Libc.SignalInfoSize).Clear();
            result = Libc.waitid(Libc.P_PID, (uint)pid, info, Libc.WSTOPPED | Libc.WEXITED | Libc.WNOWAIT);
        }
        while (result != 0 && Libc.Errno == Libc.EINTR);

        if (result == 0 && *(int*)(info + ChildExit.CodeAt) == Libc.CLD_STOPPED)
        {
            stopped();
        }
    }
}
