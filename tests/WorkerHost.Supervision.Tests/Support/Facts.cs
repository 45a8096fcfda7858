using System.Threading.Channels;

namespace WorkerHost.Supervision.Tests;

/// <summary>Waiting for facts, with a generous limit that only says "this hangs".</summary>
internal static class Facts
{
    public static readonly TimeSpan Hang = TimeSpan.FromSeconds(60);

    public static Task<T> Soon<T>(this Task<T> task) => task.WaitAsync(Hang, TestContext.Current.CancellationToken);

    public static Task Soon(this Task task) => task.WaitAsync(Hang, TestContext.Current.CancellationToken);

    public static Task<T> Soon<T>(this ValueTask<T> task) => task.AsTask().Soon();

    public static Task Soon(this ValueTask task) => task.AsTask().Soon();

    /// <summary>Reads on until an item is as wanted.</summary>
    public static async Task<T> Until<T>(this ChannelReader<T> reader, Func<T, bool> wanted)
    {
        using var hang = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        hang.CancelAfter(Hang);
        while (true)
        {
            var item = await reader.ReadAsync(hang.Token);
            if (wanted(item))
            {
                return item;
            }
        }
    }

    /// <summary>Waits for the end of any process, child or not; a zombie is dead.</summary>
    public static unsafe bool IsGoneWithin(int pid, TimeSpan limit)
    {
        var fd = Libc.PidfdOpen(pid);
        if (fd < 0)
        {
            return true;
        }

        try
        {
            var poll = new Libc.PollFd { Fd = fd, Events = Libc.POLLIN };
            var clock = System.Diagnostics.Stopwatch.StartNew();
            while (true)
            {
                // A SIGCHLD of ours may interrupt it.
                var left = Math.Max(0, (limit - clock.Elapsed).TotalMilliseconds);
                var ended = Libc.poll(&poll, 1, (int)left);
                if (ended >= 0 || Libc.Errno != Libc.EINTR)
                {
                    return ended == 1;
                }
            }
        }
        finally
        {
            _ = Libc.close(fd);
        }
    }

    public static void AssertGone(int pid) => Assert.True(IsGoneWithin(pid, Hang), $"process {pid} is still alive");

    public static bool IsAlive(int pid) => !IsGoneWithin(pid, TimeSpan.Zero);
}
