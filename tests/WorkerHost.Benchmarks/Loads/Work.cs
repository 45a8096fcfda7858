using System.Diagnostics;
using System.Runtime.InteropServices;

namespace WorkerHost.Benchmarks;

/// <summary>What the tasks of these measurements do.</summary>
internal static partial class Work
{
    private const int ThreadCpuClock = 3;

    /// <summary>Uses up so much processor time, however long that takes.</summary>
    public static void Compute(double milliseconds)
    {
        var end = ThreadCpu() + milliseconds / 1000;
        while (ThreadCpu() < end)
        {
            Thread.SpinWait(200);
        }
    }

    /// <summary>Keeps its worker for so long, and a processor as little as it can.</summary>
    public static void Occupy(double milliseconds)
    {
        var started = Stopwatch.GetTimestamp();
        if (milliseconds > 2)
        {
            Thread.Sleep((int)milliseconds - 1);
        }

        while (Stopwatch.GetElapsedTime(started).TotalMilliseconds < milliseconds)
        {
            Thread.SpinWait(20);
        }
    }

    private static double ThreadCpu()
    {
        ClockGetTime(ThreadCpuClock, out var now);
        return now.Seconds + now.Nanoseconds / 1e9;
    }

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    private static partial int ClockGetTime(int clock, out TimeSpec time);

    private struct TimeSpec
    {
        public long Seconds;
        public long Nanoseconds;
    }
}
