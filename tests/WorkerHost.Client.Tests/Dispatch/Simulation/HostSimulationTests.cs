using System.Diagnostics;

namespace WorkerHost.Client.Tests;

/// <summary>The promises of the dispatcher over hosts, in random schedules of breaks, crashes, restarts and cancellations.</summary>
public sealed class HostSimulationTests(ITestOutputHelper output)
{
    /// <summary>Seeds that once found something stay here for ever.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(6503416408605471726)]
    [InlineData(1080074386773817802)]
    [InlineData(15716465296495742691)]
    [InlineData(5080084959977307677)]
    public void The_promises_hold_in_a_schedule_replayed_by_its_seed(ulong seed) => Replay(seed);

    [Fact]
    public void The_promises_hold_in_ten_thousand_random_schedules() => RunMany(10_000);

    [Fact]
    [Trait("Category", "Slow")]
    public void The_promises_hold_in_half_a_million_random_schedules() => RunMany(500_000);

    [Theory]
    [InlineData(HostSabotage.ForgetTasks, "started a second time")]
    [InlineData(HostSabotage.ForgetWhatWasLost, "started a second time")]
    [InlineData(HostSabotage.ReadLate, "started a second time")]
    [InlineData(HostSabotage.SameInstance, "started a second time")]
    [InlineData(HostSabotage.DropResult, "never end")]
    [InlineData(HostSabotage.ClaimToHaveRead, "although its outcome was said to have been read")]
    public void The_checker_notices(HostSabotage sabotage, string accusation)
    {
        for (var seed = 0UL; seed < 20_000; seed++)
        {
            if (Violation(seed, sabotage, out _)?.Contains(accusation, StringComparison.Ordinal) == true)
            {
                return;
            }
        }

        Assert.Fail($"20000 schedules with {sabotage} and nobody was accused of '{accusation}'");
    }

    private void RunMany(int schedules)
    {
        var first = (ulong)Random.Shared.NextInt64() << 20;
        var clock = Stopwatch.StartNew();
        var failed = -1L;
        long attached = 0;
        Parallel.For(0, schedules, new ParallelOptions { MaxDegreeOfParallelism = 2 }, (i, loop) =>
        {
            if (Violation(first + (ulong)i, HostSabotage.None, out var count) is not null)
            {
                Interlocked.Exchange(ref failed, i);
                loop.Stop();
            }

            Interlocked.Add(ref attached, count);
        });
        if (failed >= 0)
        {
            Replay(first + (ulong)failed);
        }

        Assert.True(attached > schedules / 10, $"only {attached} tasks went on over another session in {schedules} schedules");
        output.WriteLine($"{schedules / clock.Elapsed.TotalSeconds:0} schedules/s from seed {first}; {attached} tasks went on over another session");
    }

    private static string? Violation(ulong seed, HostSabotage sabotage, out int attached)
    {
        var simulation = new HostSimulation(new Schedule(seed), sabotage);
        try
        {
            simulation.Run();
            return null;
        }
        catch (Exception e) when (e is SimulationViolation or InvalidOperationException or NullReferenceException)
        {
            return e.Message;
        }
        finally
        {
            attached = simulation.Attached;
        }
    }

    private static void Replay(ulong seed)
    {
        List<string> story = [];
        try
        {
            new HostSimulation(new Schedule(seed), HostSabotage.None, story).Run();
        }
        catch (Exception e)
        {
            Assert.Fail($"seed {seed}: {e.Message}\n{string.Join('\n', story.TakeLast(80))}\n{e.StackTrace}");
        }
    }
}
