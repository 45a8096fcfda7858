using System.Diagnostics;

namespace WorkerHost.Worker;

/// <summary>
/// Where one lane's thread waits for work: a short spin, then a wait in the kernel. The spin is adaptive: it lasts at
/// most <see cref="MaxSpin"/>, and shrinks to nothing while it is in vain, so that an idle worker costs nothing and a
/// worker under a closed-loop caller on a small machine does not take the processor from that caller.
/// </summary>
internal sealed class LanePark
{
    private const int Empty = 0;
    private const int Signalled = 1;
    private const int Blocked = 2;

    private static readonly long MaxSpin = Stopwatch.Frequency * 20 / 1_000_000;

    private readonly object gate = new();
    private int state;
    private long spin = MaxSpin;

    /// <summary>Blocks until <see cref="Wake"/> has been called once since the last return.</summary>
    public void Park()
    {
        if (!Spin())
        {
            Block();
        }

        Volatile.Write(ref state, Empty);
    }

    public void Wake()
    {
        if (Interlocked.Exchange(ref state, Signalled) == Blocked)
        {
            lock (gate)
            {
                Monitor.Pulse(gate);
            }
        }
    }

    private bool Spin()
    {
        if (Volatile.Read(ref state) == Signalled)
        {
            return true;
        }

        if (Environment.ProcessorCount > 1)
        {
            var begin = Stopwatch.GetTimestamp();
            while (Stopwatch.GetTimestamp() - begin < spin)
            {
                Thread.SpinWait(10);
                if (Volatile.Read(ref state) == Signalled)
                {
                    spin = MaxSpin;
                    return true;
                }
            }
        }

        spin /= 2;
        return false;
    }

    private void Block()
    {
        lock (gate)
        {
            if (Interlocked.CompareExchange(ref state, Blocked, Empty) == Signalled)
            {
                return;
            }

            while (Volatile.Read(ref state) == Blocked)
            {
                Monitor.Wait(gate);
            }
        }
    }
}
