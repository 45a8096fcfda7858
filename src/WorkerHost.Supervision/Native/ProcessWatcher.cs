using System.Collections.Concurrent;

namespace WorkerHost.Supervision;

/// <summary>
/// One thread that sees every exit and reads every line of output of all processes we started, by poll(2) over their
/// pidfds and pipes. No thread of the pool ever waits for a process, and a chatty worker gets one read per round.
/// </summary>
internal sealed unsafe class ProcessWatcher
{
    private static readonly Lazy<ProcessWatcher> Instance = new(() => new ProcessWatcher());

    private readonly ConcurrentQueue<WatchedChild> arrivals = new();
    private readonly List<WatchedChild> children = [];
    private readonly byte[] buffer = new byte[64 * 1024];
    private readonly int wake;
    private Libc.PollFd[] fds = new Libc.PollFd[16];

    private ProcessWatcher()
    {
        wake = Libc.eventfd(0, Libc.O_CLOEXEC | Libc.O_NONBLOCK);
        if (wake < 0)
        {
            throw new IOException($"no eventfd to watch processes with: {Libc.Message(Libc.Errno)}");
        }

        new Thread(Run) { IsBackground = true, Name = "workerhost-watch" }.Start();
    }

    public static ProcessWatcher Shared => Instance.Value;

    public void Watch(WatchedChild child)
    {
        arrivals.Enqueue(child);
        if (child.Pidfd < 0)
        {
            WaitOnAThread(child);
        }

        Wake();
    }

    /// <summary>A kernel before 5.3, or a seccomp filter that does not know pidfd_open: one waiting thread per process.</summary>
    private void WaitOnAThread(WatchedChild child) =>
        new Thread(() =>
        {
            ChildExit.Peek(child.Pid, block: true);
            child.ExitSeen = true;
            Wake();
        })
        { IsBackground = true, Name = $"workerhost-wait-{child.Pid}" }.Start();

    private void Wake()
    {
        var one = 1UL;
        _ = Libc.write(wake, (byte*)&one, sizeof(ulong));
    }

    private void Run()
    {
        while (true)
        {
            while (arrivals.TryDequeue(out var arrival))
            {
                children.Add(arrival);
            }

            var count = Collect();
            fixed (Libc.PollFd* start = fds)
            {
                // EINTR and the like: the next round asks again.
                if (Libc.poll(start, (nuint)count, -1) < 0)
                {
                    continue;
                }
            }

            if (fds[0].Revents != 0)
            {
                ulong ignored;
                _ = Libc.read(wake, (byte*)&ignored, sizeof(ulong));
            }

            Serve();
        }
    }

    /// <summary>Three entries per child, in order; poll ignores negative descriptors.</summary>
    private int Collect()
    {
        var count = 1 + children.Count * 3;
        if (fds.Length < count)
        {
            fds = new Libc.PollFd[count * 2];
        }

        fds[0] = new Libc.PollFd { Fd = wake, Events = Libc.POLLIN };
        for (var i = 0; i < children.Count; i++)
        {
            var child = children[i];
            fds[1 + i * 3] = new Libc.PollFd { Fd = child.Pidfd, Events = Libc.POLLIN };
            fds[2 + i * 3] = new Libc.PollFd { Fd = child.Descriptor(OutputStream.Stdout), Events = Libc.POLLIN };
            fds[3 + i * 3] = new Libc.PollFd { Fd = child.Descriptor(OutputStream.Stderr), Events = Libc.POLLIN };
        }

        return count;
    }

    private void Serve()
    {
        // Backwards, so that removing one does not move those still to be served away from their entries.
        for (var i = children.Count - 1; i >= 0; i--)
        {
            var child = children[i];
            if (fds[2 + i * 3].Revents != 0)
            {
                child.Read(OutputStream.Stdout, buffer);
            }

            if (fds[3 + i * 3].Revents != 0)
            {
                child.Read(OutputStream.Stderr, buffer);
            }

            if ((fds[1 + i * 3].Revents != 0 || child.ExitSeen) && child.TryFinish(buffer))
            {
                children.RemoveAt(i);
            }
        }
    }
}
