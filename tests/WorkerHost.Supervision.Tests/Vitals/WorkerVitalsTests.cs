using CsCheck;

namespace WorkerHost.Supervision.Tests.Vitals;

public sealed class WorkerVitalsTests
{
    private const long MiB = 1024 * 1024;
    private static readonly TimeSpan ReadyAt = TimeSpan.FromSeconds(100);

    [Theory]
    // state, seconds since ready, tasks running, tasks finished, resident MiB: what is to be done
    [InlineData(SlotState.Ready, 59, 0, 0, 10, JudgementKind.None)]
    [InlineData(SlotState.Ready, 60, 0, 0, 10, JudgementKind.Recycle)]
    [InlineData(SlotState.Ready, 60, 1, 0, 10, JudgementKind.Recycle)]
    [InlineData(SlotState.Draining, 60, 0, 0, 10, JudgementKind.None)]
    [InlineData(SlotState.Stopping, 60, 0, 0, 10, JudgementKind.None)]
    [InlineData(SlotState.Ready, 1, 0, 4, 10, JudgementKind.None)]
    [InlineData(SlotState.Ready, 1, 0, 5, 10, JudgementKind.Recycle)]
    [InlineData(SlotState.Ready, 1, 1, 0, 100, JudgementKind.None)]
    [InlineData(SlotState.Ready, 1, 1, 0, 101, JudgementKind.Recycle)]
    [InlineData(SlotState.Draining, 1, 1, 0, 101, JudgementKind.None)]
    [InlineData(SlotState.Ready, 1, 1, 0, 200, JudgementKind.Recycle)]
    [InlineData(SlotState.Ready, 1, 1, 0, 201, JudgementKind.OverLimit)]
    [InlineData(SlotState.Draining, 1, 1, 0, 201, JudgementKind.OverLimit)]
    [InlineData(SlotState.Stopping, 1, 1, 0, 201, JudgementKind.OverLimit)]
    [InlineData(SlotState.Starting, null, 0, 0, 101, JudgementKind.None)]
    [InlineData(SlotState.Starting, null, 0, 0, 201, JudgementKind.OverLimit)]
    [Trait("Scenario", "39")]
    internal void Each_limit_leads_to_what_is_said_of_it(SlotState state, int? readyFor, int running, long finished, long memory, JudgementKind expected)
    {
        var options = new RecycleOptions { MaxTasks = 5, MaxAge = TimeSpan.FromSeconds(60), SoftMemoryBytes = 100 * MiB, HardMemoryBytes = 200 * MiB, Jitter = 0 };
        var vitals = Vitals(options);
        var now = ReadyAt + TimeSpan.FromSeconds(readyFor ?? 0);
        var signs = new VitalSigns { Running = running, Finished = finished, ResidentBytes = memory * MiB };
        Assert.Equal(expected, vitals.Look(now, TimeSpan.FromSeconds(1), state, readyFor is null ? null : ReadyAt, signs).Kind);
    }

    [Fact]
    public void The_reason_names_the_value_the_limit_and_the_setting()
    {
        var options = new RecycleOptions { SoftMemoryBytes = 100 * MiB, HardMemoryBytes = 200 * MiB, MaxAge = TimeSpan.FromSeconds(60), Jitter = 0 };
        Assert.Equal(
            "its 101 MiB of resident memory are over 100 MiB (Recycling.SoftMemoryBytes is 100 MiB)",
            Look(Vitals(options), 1, new VitalSigns { ResidentBytes = 101 * MiB }).Reason);
        Assert.Equal(
            "its 201 MiB of resident memory are over the hard limit (Recycling.HardMemoryBytes is 200 MiB)",
            Look(Vitals(options), 1, new VitalSigns { ResidentBytes = 201 * MiB }).Reason);
        Assert.Equal("it has been ready for 61 s (Recycling.MaxAge is 60 s)", Look(Vitals(options), 61, default).Reason);
    }

    [Fact]
    public void Only_a_worker_that_has_done_something_is_recycled_for_idleness()
    {
        var options = new RecycleOptions { MaxIdle = TimeSpan.FromSeconds(10), Jitter = 0 };
        var fresh = Vitals(options);
        Assert.All(Enumerable.Range(0, 100), second => Assert.Equal(default, Look(fresh, second, Beat(second))));

        var used = Vitals(options);
        Assert.Equal(default, Look(used, 1, Beat(1) with { Running = 1 }));
        Assert.All(Enumerable.Range(2, 30), second => Assert.Equal(default, Look(used, second, Beat(second) with { Running = 1 })));
        Assert.Equal(default, Look(used, 32, Beat(32) with { Finished = 1 }));
        Assert.Equal(default, Look(used, 41, Beat(41) with { Finished = 1 }));
        var idle = Look(used, 42, Beat(42) with { Finished = 1 });
        Assert.Equal((JudgementKind.Recycle, "it has been idle for 10 s (Recycling.MaxIdle is 10 s)"), (idle.Kind, idle.Reason));
    }

    [Fact]
    public void A_debugged_worker_is_not_recycled_but_may_not_be_over_the_hard_limit()
    {
        var options = new RecycleOptions { MaxAge = TimeSpan.FromSeconds(1), HardMemoryBytes = 200 * MiB };
        Assert.Equal(default, Look(Vitals(options), 100, new VitalSigns { IsTraced = true }));
        Assert.Equal(JudgementKind.OverLimit, Look(Vitals(options), 100, new VitalSigns { IsTraced = true, ResidentBytes = 201 * MiB }).Kind);
    }

    [Fact]
    [Trait("Scenario", "41")]
    public void Jitter_only_shortens_and_spreads_each_limit_and_leaves_the_hard_one()
    {
        var options = new RecycleOptions { MaxTasks = 1000, MaxAge = TimeSpan.FromHours(1), MaxIdle = TimeSpan.FromHours(2), SoftMemoryBytes = 1000 * MiB, HardMemoryBytes = 2000 * MiB };
        Gen.Int[0, int.MaxValue].Sample(seed =>
        {
            var random = new Random(seed);
            var drawn = Enumerable.Range(0, 16).Select(_ => WorkerLimits.Draw(options, random)).ToArray();
            Assert.All(drawn, l => Assert.InRange(l.Tasks, 800, 1000));
            Assert.All(drawn, l => Assert.InRange(l.Age!.Value, TimeSpan.FromMinutes(48), TimeSpan.FromHours(1)));
            Assert.All(drawn, l => Assert.InRange(l.Idle!.Value, TimeSpan.FromMinutes(96), TimeSpan.FromHours(2)));
            Assert.All(drawn, l => Assert.InRange(l.SoftMemory!.Value, 800 * MiB, 1000 * MiB));
            Assert.All(drawn, l => Assert.Equal(2000 * MiB, l.HardMemory));
            Assert.Equal(16, drawn.Select(l => l.Age).Distinct().Count());
        });
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    [Trait("Scenario", "38")]
    public void A_small_share_of_tasks_is_exact(int tasks) =>
        Assert.All(Enumerable.Range(0, 100), seed => Assert.Equal(tasks, WorkerLimits.Draw(new RecycleOptions { MaxTasks = tasks }, new Random(seed)).Tasks));

    private static VitalSigns Beat(int second) => new() { Beats = (ulong)second };

    private static WorkerVitals Vitals(RecycleOptions options) => new(WorkerLimits.Draw(options, new Random(1)), new LivenessOptions(), options);

    private static Judgement Look(WorkerVitals vitals, int second, VitalSigns signs) =>
        vitals.Look(ReadyAt + TimeSpan.FromSeconds(second), TimeSpan.FromSeconds(1), SlotState.Ready, ReadyAt, signs);
}
