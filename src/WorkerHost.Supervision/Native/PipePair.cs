namespace WorkerHost.Supervision;

/// <summary>
/// A pipe whose ends are both closed on exec, so that no other child of this process ever holds one by accident, and
/// both above 2, so that moving them onto a child's stdin, stdout and stderr never overwrites one another.
/// </summary>
internal unsafe struct PipePair
{
    public int ReadEnd;
    public int WriteEnd;

    public static PipePair Open()
    {
        var fds = stackalloc int[2];
        if (Libc.pipe2(fds, Libc.O_CLOEXEC) != 0)
        {
            throw new IOException($"no pipe for a child process: {Libc.Message(Libc.Errno)}");
        }

        return new PipePair { ReadEnd = AboveStdio(fds[0]), WriteEnd = AboveStdio(fds[1]) };
    }

    /// <summary>The flag belongs to this end alone: the child's end stays blocking.</summary>
    public static void MakeNonBlocking(int fd) => Libc.fcntl(fd, Libc.F_SETFL, Libc.O_NONBLOCK);

    public static void Close(ref int fd)
    {
        if (fd >= 0)
        {
            Libc.close(fd);
            fd = -1;
        }
    }

    private static int AboveStdio(int fd)
    {
        if (fd > 2)
        {
            return fd;
        }

        var moved = Libc.fcntl(fd, Libc.F_DUPFD_CLOEXEC, 3);
        Libc.close(fd);
        return moved;
    }
}
