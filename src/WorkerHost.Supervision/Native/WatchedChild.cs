namespace WorkerHost.Supervision;

/// <summary>What the watcher holds of one process. Touched by the watcher's thread only.</summary>
internal sealed class WatchedChild(ChildProcess child, ChildListener listener, int pidfd, int stdout, int stderr, Warden? warden)
{
    /// <summary>More than a pipe holds: what a dead worker had written is read whole, what its grandchildren write is not waited for.</summary>
    private const int MostAfterExit = 1024 * 1024;

    private int pidfd = pidfd;
    private int stdout = stdout;
    private int stderr = stderr;

    public int Pid => child.Pid;

    public int Pidfd => pidfd;

    /// <summary>Set by the thread that waits where there is no pidfd.</summary>
    public volatile bool ExitSeen;

    public int Descriptor(OutputStream stream) => stream == OutputStream.Stdout ? stdout : stderr;

    /// <summary>Reads once; closes the stream at its end. False when there was nothing to read.</summary>
    public bool Read(OutputStream stream, byte[] buffer)
    {
        var length = ReadBytes(Descriptor(stream), buffer);
        if (length > 0)
        {
            Hear(() => listener.Output(stream, buffer.AsSpan(0, length)));
            return true;
        }

        if (length == 0)
        {
            Close(stream);
        }

        return false;
    }

    /// <summary>True when it has ended; then everything about it is finished here.</summary>
    public bool TryFinish(byte[] buffer)
    {
        var facts = ChildExit.Peek(Pid, block: false);
        if (facts is null)
        {
            return false;
        }

        // It is a zombie, so its group's number is still its own.
        child.Signal(SignalNames.Kill, group: true);
        Drain(OutputStream.Stdout, buffer);
        Drain(OutputStream.Stderr, buffer);

        // In this order: the warden reads that it is to forget the group before it can ever read the end of its input, so a
        // stranger who gets the number after the reaping is no group of ours to it.
        warden?.Forget(Pid);
        var peak = child.Reap(ChildExit.Reap);
        child.CloseLifeline();
        PipePair.Close(ref pidfd);
        Hear(() => listener.Exited(facts, peak));
        return true;
    }

    private void Drain(OutputStream stream, byte[] buffer)
    {
        for (var read = 0; read < MostAfterExit && Descriptor(stream) >= 0 && Read(stream, buffer); read += buffer.Length)
        {
        }

        Close(stream);
    }

    private void Close(OutputStream stream)
    {
        if (stream == OutputStream.Stdout)
        {
            PipePair.Close(ref stdout);
        }
        else
        {
            PipePair.Close(ref stderr);
        }
    }

    private void Hear(Action tell)
    {
        try
        {
            tell();
        }
        catch (Exception e)
        {
            listener.Faulted(e);
        }
    }

    /// <returns>Bytes read; 0 at the end or on an error; -1 when there is nothing now.</returns>
    private static unsafe int ReadBytes(int fd, byte[] buffer)
    {
        if (fd < 0)
        {
            return -1;
        }

        fixed (byte* start = buffer)
        {
            var length = (int)Libc.read(fd, start, buffer.Length);
            return length >= 0 ? length : Libc.Errno is Libc.EAGAIN or Libc.EINTR ? -1 : 0;
        }
    }
}
