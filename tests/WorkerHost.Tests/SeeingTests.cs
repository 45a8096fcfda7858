using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace WorkerHost.Tests;

/// <summary>What happens can be seen: one report of a death everywhere, counts that add up, a trace through everything.</summary>
public sealed class SeeingTests
{
    private readonly string name = $"seen-{Guid.NewGuid():n}"[..20];

    [Fact]
    [Trait("Scenario", "55")]
    public async Task A_death_is_the_same_object_in_attempt_failure_event_and_status()
    {
        await using var pool = await TestPool.StartAsync(TestPool.Options(workers: 2));
        var marker = TestPool.NewPath();
        var retried = pool.Submit<int>("die_if_missing", [marker], new TaskOptions { Idempotent = true, Id = "again" });
        await retried.Task.WaitAsync(TestPool.Patience);
        var lost = pool.Submit<int>("segv", [], new TaskOptions { Id = "lost" });
        var failure = await TestPool.FailureOf(lost);
        await pool.Supervisor.StopAsync().WaitAsync(TestPool.Patience);
        var events = await pool.Supervisor.WatchAsync(0).OfType<SupervisorEvent.Died>().Select(e => e.Report).ToListAsync();

        var first = retried.Attempts[0].Death!;
        Assert.Same(first, Assert.Single(events, r => r.Worker == first.Worker));
        Assert.Equal((DeathCause.Killed, "SIGKILL", retried.Attempts[0].Pid), (first.Cause, first.Signal, first.Pid));
        Assert.Equal(["again"], first.RunningTasks);
        var second = Assert.Single(failure!.Failure.Deaths);
        Assert.Same(second, Assert.Single(events, r => r.Worker == second.Worker));
        Assert.Same(second, lost.Attempts[0].Death);
        Assert.Equal((DeathCause.Crash, "SIGSEGV"), (second.Cause, second.Signal));
        Assert.Equal(["lost"], second.RunningTasks);
        Assert.All([first, second], death =>
        {
            Assert.True(death.Uptime >= death.ReadyFor && death.ReadyFor > TimeSpan.Zero);
            Assert.True(death.PeakMemoryBytes > 1 << 20);
            Assert.NotNull(death.NextTryAt);
            Assert.NotEqual("", death.Next);
        });
        File.Delete(marker);
    }

    [Fact]
    [Trait("Scenario", "55")]
    public async Task A_pool_over_addresses_has_no_supervisor()
    {
        await using var pool = await TestPool.StartAsync();
        await using var over = await WorkerPool.ConnectAsync(pool.Workers[0].Address!.ToString());
        Assert.Contains("addresses", Assert.Throws<InvalidOperationException>(() => over.Supervisor).Message, StringComparison.Ordinal);
        Assert.Equal(pool.Name, pool.Supervisor.PoolName);
    }

    [Fact]
    [Trait("Scenario", "56")]
    public async Task Counts_and_metrics_follow_the_work_and_survive_a_death()
    {
        using var seen = new Collected(Client.PoolMeter.Name, Client.PoolMeter.Pool, name);
        await using var pool = await TestPool.StartAsync(TestPool.Options(workers: 2) with { Name = name, QueueCapacity = 1 });
        var here = TestPool.NewPath();
        var go = TestPool.NewPath();
        var running = pool.Submit<int>("meet", [here, go]);
        await TestPool.Until(() => File.Exists(here));
        var counts = pool.Supervisor.Counts;
        Assert.Equal((1, 1), (counts.Busy, counts.Idle));
        var alsoRunning = pool.Submit<int>("meet", [TestPool.NewPath(), go]);
        var queued = pool.Submit<int>("add", [1, 2]);
        Assert.Throws<TaskException>(() => pool.Submit<int>("add", [1, 2]));
        seen.Collect();
        Assert.Equal((3, 1, 1), (seen["workerhost.pool.tasks.submitted"], seen["workerhost.pool.tasks.refused"], seen["workerhost.pool.queue.length"]));
        Assert.Equal((3, 2), (seen["workerhost.pool.tasks.unsettled"], seen["workerhost.pool.tasks.dispatched"]));
        await File.WriteAllTextAsync(go, "");
        await Task.WhenAll(running.Completion, alsoRunning.Completion, queued.Completion).WaitAsync(TestPool.Patience);
        await TestPool.FailureOf(pool.Submit<int>("segv", []));
        var marker = TestPool.NewPath();
        await pool.Submit<int>("die_if_missing", [marker], new TaskOptions { Idempotent = true }).Task.WaitAsync(TestPool.Patience);

        await TestPool.Until(() => pool.Supervisor.Totals.Deaths.Values.Sum() == 2);
        Assert.Equal((1, 1), (pool.Supervisor.Totals.Deaths[DeathCause.Crash], pool.Supervisor.Totals.Deaths[DeathCause.Killed]));
        await TestPool.Until(() => pool.Supervisor.Totals.TasksFinished >= 4);
        seen.Collect();
        Assert.Equal((4, 1), (seen["workerhost.pool.tasks.ended", "succeeded"], seen["workerhost.pool.tasks.ended", "worker_lost"]));
        Assert.Equal(1, seen["workerhost.pool.tasks.retried"]);
        Assert.Equal((5, 5), (seen.Recordings("workerhost.task.queue.duration"), seen.Recordings("workerhost.task.duration") - 1));
        File.Delete(here);
        File.Delete(go);
        File.Delete(marker);
    }

    [Fact]
    [Trait("Scenario", "58")]
    public async Task A_trace_crosses_caller_queue_attempts_and_workers_the_attempt_that_died_included()
    {
        using var spans = new CollectedSpans(Client.PoolMeter.Name);
        await using var pool = await WorkerPool.StartAsync(TestPool.Worker("--traced"), TestPool.Options(workers: 2) with { Name = name });
        var marker = TestPool.NewPath();
        using var caller = new Activity("caller") { TraceStateString = "vendor=1" }.SetIdFormat(ActivityIdFormat.W3C).Start();
        var future = pool.Submit<string[]>("current_span_then_die", [marker], new TaskOptions { Idempotent = true });
        Assert.Same(caller, Activity.Current);
        var inSecond = await future.Task.WaitAsync(TestPool.Patience);
        Assert.Same(caller, Activity.Current);
        var inFirst = await File.ReadAllLinesAsync(marker);

        var all = spans.With(Client.PoolMeter.Pool, name);
        Assert.All(all, s => Assert.Equal(caller.TraceId, s.TraceId));
        var task = Assert.Single(all, s => s.DisplayName == "task current_span_then_die");
        Assert.Equal((caller.SpanId, ActivityStatusCode.Unset, future.Id), (task.ParentSpanId, task.Status, task.GetTagItem("workerhost.task.id")));
        var attempts = all.Where(s => s.DisplayName == "attempt current_span_then_die").ToList();
        Assert.Equal([1, 2], attempts.Select(s => s.GetTagItem("workerhost.task.attempt")));
        Assert.All(attempts, s => Assert.Equal(task.SpanId, s.ParentSpanId));
        Assert.Equal((ActivityStatusCode.Error, "worker_lost"), (attempts[0].Status, attempts[0].GetTagItem("error.type")));
        Assert.Equal(future.Attempts[0].Death!.ToString(), attempts[0].GetTagItem("workerhost.worker.death.report"));
        Assert.Equal(future.Attempts.Select(a => a.Worker.ToString()), attempts.Select(s => s.GetTagItem("workerhost.worker.id")));
        Assert.Equal(ActivityStatusCode.Unset, attempts[1].Status);
        Assert.Equal([caller.TraceId.ToString(), attempts[0].SpanId.ToString(), "run current_span_then_die", "vendor=1"], inFirst);
        Assert.Equal([caller.TraceId.ToString(), attempts[1].SpanId.ToString(), "run current_span_then_die", "vendor=1"], inSecond);
        File.Delete(marker);
    }

    [Fact]
    [Trait("Scenario", "58")]
    public async Task A_trace_context_in_the_headers_goes_before_the_callers_and_a_failed_task_is_a_failed_span()
    {
        using var spans = new CollectedSpans(Client.PoolMeter.Name);
        await using var pool = await WorkerPool.StartAsync(TestPool.Worker("--traced"), TestPool.Options() with { Name = name });
        const string TraceId = "0af7651916cd43dd8448eb211c80319c";
        var headers = new Dictionary<string, string> { ["traceparent"] = $"00-{TraceId}-b7ad6b7169203331-01", ["other"] = "kept" };
        var inWorker = await pool.Submit<string[]>("current_span", [], new TaskOptions { Headers = headers }).Task.WaitAsync(TestPool.Patience);
        await TestPool.FailureOf(pool.Submit<int>("throw", ["no"]));
        var cancelled = pool.Submit<int>("sleep", [60_000]);
        await TestPool.Until(() => cancelled.State == TaskState.Running);
        cancelled.Cancel();
        await cancelled.Settled.WaitAsync(TestPool.Patience);

        Assert.Equal(TraceId, inWorker[0]);
        var all = spans.With(Client.PoolMeter.Pool, name);
        var attempt = Assert.Single(all, s => s.DisplayName == "attempt current_span");
        Assert.Equal((TraceId, attempt.SpanId.ToString()), (attempt.TraceId.ToString(), inWorker[1]));
        Assert.Equal("b7ad6b7169203331", Assert.Single(all, s => s.DisplayName == "task current_span").ParentSpanId.ToString());
        foreach (var (span, error) in new[] { ("throw", "task_failed"), ("sleep", "cancelled") })
        {
            Assert.All(new[] { "attempt", "task" }, what =>
            {
                var failed = Assert.Single(all, s => s.DisplayName == $"{what} {span}");
                Assert.Equal((ActivityStatusCode.Error, error), (failed.Status, failed.GetTagItem("error.type")));
            });
        }

        Assert.Equal(default, all.First(s => s.DisplayName == "task throw").ParentSpanId);
    }

    [Fact]
    public async Task Listeners_that_throw_harm_neither_tasks_nor_workers()
    {
        using var spans = new ActivityListener
        {
            ShouldListenTo = static s => s.Name.StartsWith("WorkerHost.", StringComparison.Ordinal),
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStarted = Throw,
            ActivityStopped = Throw,
        };
        ActivitySource.AddActivityListener(spans);
        using var metrics = new MeterListener { InstrumentPublished = static (i, l) => (i.Meter.Name.StartsWith("WorkerHost.", StringComparison.Ordinal) ? l : null)?.EnableMeasurementEvents(i) };
        metrics.SetMeasurementEventCallback<double>((_, _, tags, _) => ThrowIfOurs(tags.ToArray()));
        metrics.SetMeasurementEventCallback<long>((_, _, tags, _) => ThrowIfOurs(tags.ToArray()));
        metrics.Start();
        await using var pool = await WorkerPool.StartAsync(TestPool.Worker(), TestPool.Options(workers: 2) with { Name = name });
        var marker = TestPool.NewPath();
        await pool.Submit<int>("die_if_missing", [marker], new TaskOptions { Idempotent = true }).Task.WaitAsync(TestPool.Patience);
        Assert.Equal(3, await pool.Submit<int>("add", [1, 2]).Task.WaitAsync(TestPool.Patience));
        File.Delete(marker);

        void Throw(Activity span) => ThrowIfOurs(span.TagObjects);

        void ThrowIfOurs(IEnumerable<KeyValuePair<string, object?>> tags)
        {
            if (tags.Contains(new(Client.PoolMeter.Pool, name)))
            {
                throw new IOException("the exporter is gone");
            }
        }
    }

    [Fact]
    [Trait("Scenario", "58")]
    public async Task Without_listeners_nothing_is_traced_and_headers_stay_as_they_are()
    {
        await using var pool = await WorkerPool.StartAsync(TestPool.Worker("--traced"), TestPool.Options() with { Name = name });
        using var caller = new Activity("caller").SetIdFormat(ActivityIdFormat.W3C).Start();
        Assert.Equal("0000000000000000", (await pool.Submit<string[]>("current_span", []).Task.WaitAsync(TestPool.Patience))[1]);
    }
}
