namespace WorkerHost.Supervision.Tests.Counts;

[Trait("Scenario", "56")]
public sealed class CountsTests
{
    [Fact]
    public void Every_state_is_counted_once_and_the_parts_add_up()
    {
        WorkerStatus[] all =
        [
            Status(SlotState.Ready) with { RunningTasks = 2 },
            Status(SlotState.Ready),
            Status(SlotState.Ready) with { IsSpare = true, RunningTasks = 1 },
            Status(SlotState.Starting),
            Status(SlotState.Draining) with { RunningTasks = 1 },
            Status(SlotState.Stopping),
            Status(SlotState.BackingOff),
            Status(SlotState.CrashLooping),
            Status(SlotState.Empty),
            Status(SlotState.Stopped),
        ];
        Assert.Equal(Enum.GetValues<SlotState>().Order(), all.Select(s => s.State).Distinct().Order());
        var counts = SupervisorCounts.Of([.. all]);
        Assert.Equal((1, 1, 1, 1, 2), (counts.Busy, counts.Idle, counts.Spare, counts.Starting, counts.Draining));
        Assert.Equal(6, counts.Total);
        Assert.Equal((1, 1), (counts.BackingOff, counts.CrashLooping));
    }

    [Fact]
    public async Task The_counts_add_up_to_the_living_at_all_times_while_workers_die_and_are_replaced()
    {
        await using var supervised = await Supervised.StartAsync(Supervised.Dummy("finish=1"), new SupervisorOptions { Workers = 3, Spares = 1 });
        var supervisor = supervised.Supervisor;
        supervised.BackChannel.ReportLoad(static id => new WorkerLoad(id.Slot % 2 == 0 ? ["busy"] : [], 0, TimeSpan.Zero));
        using var enough = new CancellationTokenSource();
        var watching = Task.Run(() =>
        {
            var looks = 0;
            for (; !enough.IsCancellationRequested; looks++)
            {
                var workers = supervisor.Workers;
                var counts = SupervisorCounts.Of(workers);
                Assert.Equal(
                    workers.Count(w => w.State is SlotState.Starting or SlotState.Ready or SlotState.Draining),
                    counts.Busy + counts.Idle + counts.Starting + counts.Draining + counts.Spare);
                Assert.InRange(counts.Total, 0, 5);
            }

            return looks;
        });
        var events = new Watched(supervisor);
        for (var deaths = 1; deaths <= 8; deaths++)
        {
            // Without a pause: a spare may not be there yet, and starts and deaths overlap.
            await events.Until<SupervisorEvent.Ready>();
            supervised.Signal(supervisor.Workers.Last(w => w.State == SlotState.Ready).Pid, 9);
            await events.Until<SupervisorEvent.Died>();
            Assert.Equal(deaths, supervisor.Totals.Deaths[DeathCause.Killed]);

            // Each has finished one; of the living, at most five, that is known once they were looked at.
            Assert.InRange(supervisor.Totals.TasksFinished, deaths, deaths + 5);
        }

        await enough.CancelAsync();
        Assert.True(await watching.Soon() > 100);
        Assert.True(supervisor.Totals.Starts > 8);
    }

    private static WorkerStatus Status(SlotState state) => new() { Id = new WorkerId("p", 0, 1), State = state };
}
