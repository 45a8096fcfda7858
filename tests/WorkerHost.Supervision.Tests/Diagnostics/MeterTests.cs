using System.Diagnostics;

namespace WorkerHost.Supervision.Tests.Diagnostics;

[Trait("Scenario", "56")]
public sealed class MeterTests
{
    [Fact]
    public async Task Metrics_add_up_and_survive_the_workers_and_a_start_is_a_span()
    {
        var pool = $"metered-{Guid.NewGuid():N}";
        using var metrics = new Collected(SupervisionMeter.Name, SupervisionMeter.Pool, pool);
        using var spans = new CollectedSpans(SupervisionMeter.Name);
        using var around = new Activity("around").Start();
        await using (var supervised = await Supervised.StartAsync(Supervised.Dummy("finish=2"), new SupervisorOptions { PoolName = pool, Workers = 2, Spares = 1 }))
        {
            supervised.BackChannel.ReportLoad(static id => new WorkerLoad(id.Slot == 0 ? ["t"] : [], 1, TimeSpan.Zero));
            var events = new Watched(supervised.Supervisor);
            await events.Until<SupervisorEvent.Ready>(e => e.IsSpare);
            metrics.Collect();
            Assert.Equal((1, 1, 1), (metrics["workerhost.workers", "busy"], metrics["workerhost.workers", "idle"], metrics["workerhost.workers", "spare"]));
            Assert.Equal(3, metrics["workerhost.workers"]);
            Assert.Equal(1, metrics["workerhost.pool.ready"]);
            Assert.Equal(3, metrics["workerhost.worker.tasks.finished"]);
            Assert.True(metrics["workerhost.worker.resident_memory"] > 3 << 20);
            supervised.Signal(supervised.Supervisor.Workers[0].Pid, 9);
            await events.Until<SupervisorEvent.Died>();
            await events.Until<SupervisorEvent.Ready>();
            metrics.Collect();
            Assert.Equal(3, metrics["workerhost.workers"]);
            Assert.Equal(5, metrics["workerhost.worker.tasks.finished"]);
            Assert.Equal(0, metrics["workerhost.slots.waiting"]);
        }

        Assert.Equal(4, metrics["workerhost.worker.starts"]);
        Assert.Equal(1, metrics["workerhost.worker.deaths", "killed"]);
        Assert.Equal(3, metrics["workerhost.worker.deaths", "stop"]);
        Assert.Equal(4, metrics.Recordings("workerhost.worker.boot.duration"));
        metrics.Collect();
        Assert.Equal(0, metrics["workerhost.workers"]);
        var starts = spans.With(SupervisionMeter.Pool, pool);
        Assert.Equal(4, starts.Count);
        Assert.All(starts, s => Assert.Equal((default, ActivityStatusCode.Unset), (s.ParentSpanId, s.Status)));
        Assert.All(starts, s => Assert.True(s.Duration > TimeSpan.FromMilliseconds(1)));
    }

    [Fact]
    public async Task A_start_that_fails_is_a_span_with_its_death()
    {
        using var spans = new CollectedSpans(SupervisionMeter.Name);
        var pool = $"traced-{Guid.NewGuid():N}";
        var error = await Supervised.FailToStartAsync(Supervised.Shell("exit 3"), new SupervisorOptions { PoolName = pool, Workers = 1 });
        var span = spans.With("workerhost.worker.id", $"{pool}/0#1")[0];
        Assert.Equal((ActivityStatusCode.Error, error.Deaths[0].ToString()), (span.Status, span.StatusDescription));
    }
}
