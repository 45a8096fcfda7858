using System.Diagnostics;
using CsCheck;

namespace WorkerHost.Client.Tests;

/// <summary>The promises of the dispatcher over random schedules of losses, kills, cancellations and delays.</summary>
public sealed class DispatcherSimulationTests(ITestOutputHelper output)
{
    /// <summary>Seeds that once found something stay here for ever.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(42)]
    [InlineData(7465244852949665715)]
    [InlineData(4744180014926276734)]
    [InlineData(16859590282260275949)]
    [InlineData(8332528167720471575)]
    public void The_promises_hold_in_a_schedule_replayed_by_its_seed(ulong seed) => Replay(seed, Sabotage.None);

    [Fact]
    [Trait("Scenario", "14")]
    [Trait("Scenario", "16")]
    [Trait("Scenario", "34")]
    [Trait("Scenario", "35")]
    [Trait("Scenario", "50")]
    public void The_promises_hold_in_thirty_thousand_random_schedules() => RunMany(30_000);

    [Fact]
    [Trait("Category", "Slow")]
    public void The_promises_hold_in_a_million_random_schedules() => RunMany(1_000_000);

    [Fact]
    public void The_promises_hold_in_schedules_that_can_be_shrunk() =>
        Gen.UInt.Array[0, 300].Sample(
            choices =>
            {
                new DispatcherSimulation(new Schedule(choices), shared: choices.Length % 2 == 1).Run();
            },
            iter: 3_000,
            threads: 1);

    [Theory]
    [InlineData(Sabotage.DropResult, "never end")]
    [InlineData(Sabotage.TellTwice, "completed twice")]
    [InlineData(Sabotage.SettleFirst, "settled without an outcome")]
    [InlineData(Sabotage.SwapResults, "was given the result of")]
    [InlineData(Sabotage.ReportLivingAsDead, "while it ran")]
    [InlineData(Sabotage.ForgetStartMark, "started a second time")]
    [InlineData(Sabotage.ForgetDispatch, "has a free lane")]
    [InlineData(Sabotage.CallKillsCrashes, "is charged with")]
    [InlineData(Sabotage.JumpTheQueue, "still waits, and")]
    [InlineData(Sabotage.MiscountTurns, "was passed over")]
    [InlineData(Sabotage.SendRefused, "was refused and was started")]
    [InlineData(Sabotage.RunWhatWasGivenBack, "after it was settled")]
    [InlineData(Sabotage.CancelRunningAtStop, "was running when the pool stopped")]
    [InlineData(Sabotage.DropItem, "of its items came")]
    [InlineData(Sabotage.RepeatItem, "was given item 0 as the 2. one")]
    public void The_checker_notices(Sabotage sabotage, string accusation)
    {
        for (var seed = 0UL; seed < 5_000; seed++)
        {
            if (Violation(seed, sabotage, streams: sabotage is Sabotage.DropItem or Sabotage.RepeatItem, shared: seed % 2 == 1) is { } violation && violation.Contains(accusation, StringComparison.Ordinal))
            {
                return;
            }
        }

        Assert.Fail($"5000 schedules with {sabotage} and nobody was accused of '{accusation}'");
    }

    private void RunMany(int schedules)
    {
        // A seed of its own each run: what fails prints it, and goes into the list above.
        var first = (ulong)Random.Shared.NextInt64() << 20;
        var clock = Stopwatch.StartNew();
        var failed = -1L;
        Parallel.For(0, schedules, new ParallelOptions { MaxDegreeOfParallelism = 2 }, (i, loop) =>
        {
            if (Violation(first + (ulong)i, Sabotage.None, streams: i % 2 == 1, shared: i % 4 > 1) is not null)
            {
                Interlocked.Exchange(ref failed, i);
                loop.Stop();
            }
        });
        if (failed >= 0)
        {
            Replay(first + (ulong)failed, Sabotage.None, streams: failed % 2 == 1, shared: failed % 4 > 1);
        }

        output.WriteLine($"{schedules / clock.Elapsed.TotalSeconds:0} schedules/s from seed {first}");
    }

    private static string? Violation(ulong seed, Sabotage sabotage, bool streams, bool shared)
    {
        try
        {
            new DispatcherSimulation(new Schedule(seed), sabotage, streams: streams, shared: shared).Run();
            return null;
        }
        catch (Exception e) when (e is SimulationViolation or InvalidOperationException or NullReferenceException)
        {
            return e.Message;
        }
    }

    private static void Replay(ulong seed, Sabotage sabotage, bool streams = false, bool shared = false)
    {
        List<string> story = [];
        try
        {
            new DispatcherSimulation(new Schedule(seed), sabotage, story, streams, shared).Run();
        }
        catch (Exception e)
        {
            Assert.Fail($"seed {seed}{(streams ? " with streams" : "")}{(shared ? " with callers" : "")}: {e.Message}\n{string.Join('\n', story.TakeLast(60))}\n{e.StackTrace}");
        }
    }
}
