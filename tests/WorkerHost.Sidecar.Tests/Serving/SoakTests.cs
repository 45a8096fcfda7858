using System.Diagnostics;
using System.Globalization;
using WorkerHost.V1;

namespace WorkerHost.Sidecar.Tests.Serving;

/// <summary>A host that works for long, with all that happens to one, holds no more of the machine in the end than soon after its start.</summary>
public sealed class SoakTests
{
    private static readonly TimeSpan KillEvery = TimeSpan.FromSeconds(3);

    /// <summary>One minute; as many seconds as WORKERHOST_SOAK_SECONDS says.</summary>
    private static readonly int Seconds = int.Parse(Environment.GetEnvironmentVariable("WORKERHOST_SOAK_SECONDS") ?? "60", CultureInfo.InvariantCulture);

    [Fact]
    [Trait("Category", "Slow")]
    [Trait("Scenario", "19")]
    public async Task The_memory_of_a_host_and_all_else_that_it_holds_stay_as_they_are()
    {
        // What is kept for those who come back is to be all there, and going again, before the first third is over.
        await using var host = await RunningHost.StartAsync(
            new() { ["images"] = new { command = new { fileName = TestWorker.Path }, workers = 2, keptOutcomes = new { @for = "5s" } } }, http: true);
        await using var load = await MixedLoad.StartAsync(host);
        using var metrics = host.AdminHttp();
        await load.AnotherAsync();
        var samples = new List<HostSample>();
        var kills = 0;
        var (since, killedAt, random) = (Stopwatch.GetTimestamp(), Stopwatch.GetTimestamp(), new Random(19));
        using var second = new PeriodicTimer(TimeSpan.FromSeconds(1));
        while (Stopwatch.GetElapsedTime(since).TotalSeconds < Seconds && !load.Failures.Any())
        {
            await second.WaitForNextTickAsync(TestContext.Current.CancellationToken);
            samples.Add(await HostSample.TakeAsync(host, metrics));
            if (Stopwatch.GetElapsedTime(killedAt) >= KillEvery && (await host.WorkersAsync()).Where(static w => w.State == WorkerState.Ready).ToList() is { Count: > 0 } ready)
            {
                await RunningHost.SignalAsync("KILL", ready[random.Next(ready.Count)].Pid);
                killedAt = Stopwatch.GetTimestamp();
                kills++;
            }
        }

        await load.StopAsync();
        TestContext.Current.TestOutputHelper?.WriteLine($"{Stopwatch.GetElapsedTime(since).TotalSeconds:0} s, {kills} kills; {load}");
        for (var i = 0; i < samples.Count; i += Math.Max(1, samples.Count / 20))
        {
            TestContext.Current.TestOutputHelper?.WriteLine($"{i,4}: {samples[i]}");
        }

        TestContext.Current.TestOutputHelper?.WriteLine($" end: {samples[^1]}");
        // The collector lets the heap breathe: what is asked is where it goes.
        var settled = samples[(samples.Count / 3)..];
        var (resident, heap) = (TrendOf("resident memory, MiB", static s => s.ResidentMegabytes), TrendOf("heap in use, MiB", static s => s.HeapMegabytes));
        var (handles, sockets) = (TrendOf("handles", static s => s.Handles), TrendOf("sockets", static s => s.Sockets));
        var (threads, files) = (TrendOf("threads", static s => s.Threads), TrendOf("temporary files", static s => s.TemporaryFiles));
        TrendOf("heap, MiB", static s => s.CommittedMegabytes);
        Assert.Empty(load.Failures);
        host.AssertNoErrors();
        Assert.InRange(resident, double.MinValue, settled.Average(static s => s.ResidentMegabytes) * 0.1);

        // What is in use is garbage, too, until it is collected: in a minute that says little, and only the long run shows a leak.
        Assert.InRange(heap, double.MinValue, settled.Average(static s => s.HeapMegabytes) * (Seconds >= 300 ? 0.3 : 0.9));
        Assert.InRange(handles, double.MinValue, 10);
        Assert.InRange(sockets, double.MinValue, 10);
        Assert.InRange(threads, double.MinValue, 10);
        Assert.InRange(files, double.MinValue, 5);

        double TrendOf(string what, Func<HostSample, double> figure)
        {
            var trend = Trend.Of([.. settled.Select(figure)]);
            TestContext.Current.TestOutputHelper?.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"{what}: {settled.Min(figure):0.0} to {settled.Max(figure):0.0}, {settled.Average(figure):0.0} on average, {trend:+0.0;-0.0} from the first third to the end"));
            return trend;
        }
    }
}
