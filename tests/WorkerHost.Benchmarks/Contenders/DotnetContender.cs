using System.Diagnostics;

namespace WorkerHost.Benchmarks;

/// <summary>A contender whose client is this process: the same loops drive each of them.</summary>
internal abstract class DotnetContender : IContender
{
    public static readonly byte[] Data = "8 bytes!"u8.ToArray();

    public abstract string Name { get; }

    public abstract string RateName { get; }

    public abstract string RateUnit { get; }

    protected abstract IReadOnlyList<int> WorkerPids { get; }

    public async Task<RoundResult> RunRoundAsync(TimeSpan duration, int inFlight)
    {
        int[] processes = [Environment.ProcessId, .. WorkerPids];
        var done = new long[inFlight];
        GC.Collect();
        var allocated = GC.GetTotalAllocatedBytes(precise: true);
        var cpu = ProcessCpu.Seconds(processes);
        var started = Stopwatch.GetTimestamp();
        var end = started + (long)(duration.TotalSeconds * Stopwatch.Frequency);
        await Task.WhenAll(Enumerable.Range(0, inFlight).Select(i => Task.Run(() => LoopAsync(i))));
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        return new RoundResult(done.Sum(), seconds, ProcessCpu.Seconds(processes) - cpu, GC.GetTotalAllocatedBytes(precise: true) - allocated);

        async Task LoopAsync(int i)
        {
            long count = 0;
            while (Stopwatch.GetTimestamp() < end)
            {
                await EchoAsync(i, Data);
                count++;
            }

            done[i] = count;
        }
    }

    /// <summary>One after another: half of them are quicker than the first figure, 99 of 100 quicker than the second.</summary>
    public async Task<(double P50, double P99)> MeasureLatencyAsync(TimeSpan duration)
    {
        var micros = new List<double>(200_000);
        var end = Stopwatch.GetTimestamp() + (long)(duration.TotalSeconds * Stopwatch.Frequency);
        for (var i = 0; Stopwatch.GetTimestamp() < end; i++)
        {
            var started = Stopwatch.GetTimestamp();
            await EchoAsync(i, Data);
            micros.Add(Stopwatch.GetElapsedTime(started).TotalMicroseconds);
        }

        micros.Sort();
        return (micros[micros.Count / 2], micros[(int)(micros.Count * 0.99)]);
    }

    /// <summary>Megabytes (10⁶ bytes) per second that go to the workers, and as many back.</summary>
    public async Task<double> MeasurePayloadsAsync(int bytes, int inFlight, TimeSpan duration)
    {
        var payload = new byte[bytes];
        var done = new long[inFlight];
        GC.Collect();
        var started = Stopwatch.GetTimestamp();
        var end = started + (long)(duration.TotalSeconds * Stopwatch.Frequency);
        await Task.WhenAll(Enumerable.Range(0, inFlight).Select(i => Task.Run(async () =>
        {
            while (Stopwatch.GetTimestamp() < end)
            {
                await EchoAsync(i, payload);
                done[i]++;
            }
        })));
        return done.Sum() * (bytes / 1e6) / Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    /// <summary>Echoes once; <paramref name="turn"/> says whose turn it is where the contender does not choose a worker itself.</summary>
    protected abstract Task EchoAsync(int turn, ReadOnlyMemory<byte> data);

    public abstract ValueTask DisposeAsync();
}
