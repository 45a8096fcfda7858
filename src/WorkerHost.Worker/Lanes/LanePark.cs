using System.Diagnostics;

namespace WorkerHost.Worker;

/// <summary>
/// Where one lane's thread waits for work: a short spin, then a wait in the kernel. The spin is adaptive: it lasts at
/// most <see cref="MaxSpin"/>, and shrinks to nothing while it is in vain, so that an idle worker costs nothing and a
/// worker under a closed-loop caller on a small machine does not take the processor from that caller.
/// </summary>
internal sealed unsafe class LanePark
{
    private const int Empty = 0;
    private const int Signalled = 1;
    private const int Blocked = 2;

    private static readonly long MaxSpin = Environment.ProcessorCount > 1 ? Stopwatch.Frequency * 20 / 1_000_000 : 0;

    private readonly object gate = new();

    // Pinned, for the kernel knows it by its address; the array keeps it alive.
    private readonly int[] memory = GC.AllocateArray<int>(1, pinned: true);
    private readonly int* state;
    private readonly bool futex;
    private long spin = MaxSpin;

    public LanePark()
        : this(Futex.IsSupported)
    {
    }

    internal LanePark(bool futex)
    {
        this.futex = futex;
        fixed (int* word = memory)
        {
            state = word;
        }
    }

    /// <summary>Blocks until <see cref="Wake"/> has been called once since the last return. For one thread.</summary>
    public void Park()
    {
        if (!Spin() && Interlocked.CompareExchange(ref *state, Blocked, Empty) == Empty)
        {
            Block();
        }

        Volatile.Write(ref *state, Empty);
    }

    public void Wake()
    {
        if (Interlocked.Exchange(ref *state, Signalled) != Blocked)
        {
            return;
        }

        if (futex)
        {
            Futex.WakeOne(state);
            return;
        }

        lock (gate)
        {
            Monitor.Pulse(gate);
        }
    }

    private bool Spin()
    {
        if (Volatile.Read(ref *state) == Signalled)
        {
            // Work comes thick and fast again.
            spin = MaxSpin;
            return true;
        }

        var begin = Stopwatch.GetTimestamp();
        while (Stopwatch.GetTimestamp() - begin < spin)
        {
            Thread.SpinWait(10);
            if (Volatile.Read(ref *state) == Signalled)
            {
                spin = MaxSpin;
                return true;
            }
        }

        spin /= 2;
        return false;
    }

    private void Block()
    {
        if (futex)
        {
            while (Volatile.Read(ref *state) == Blocked)
            {
                Futex.Wait(state, Blocked);
            }

            return;
        }

        lock (gate)
        {
            while (Volatile.Read(ref *state) == Blocked)
            {
                Monitor.Wait(gate);
            }
        }
    }
}
