using Microsoft.Extensions.Logging;

namespace WorkerHost.Client.Tests;

/// <summary>The shell around the dispatcher: carries every decision out, whoever throws.</summary>
public sealed class DispatchLoopTests
{
    [Fact]
    public async Task A_supervisor_that_throws_does_not_keep_the_other_tasks_from_their_outcomes()
    {
        await using var rig = new LoopRig();
        var worker = rig.Connect(concurrency: 2);
        rig.BackChannel.Throws = new InvalidOperationException("the supervisor is gone");
        var stubborn = rig.Submit();
        var other = rig.Submit();
        stubborn.Cancel();
        rig.Time.Advance(TimeSpan.FromSeconds(3));

        worker.Succeed(2, "5");

        Assert.Equal(5, await other.Soon());
        await other.Settled.Soon();
        Assert.Contains("Kill could not be carried out", Assert.Single(rig.Log.TakeErrors()).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_logger_that_throws_keeps_nobody_from_being_killed_or_completed()
    {
        await using var rig = new LoopRig(logger: new BrokenLog());
        var worker = rig.Connect();
        var future = rig.Submit();
        await worker.NextAsync();
        future.Cancel();

        rig.Time.Advance(TimeSpan.FromSeconds(3));
        await rig.BackChannel.Kills.ReadAsync(TestContext.Current.CancellationToken).Soon();

        worker.Answer(1, FakeConnection.Json("1"));
        await future.Settled.Soon();
    }

    [Fact]
    public async Task A_late_outcome_is_counted_and_logged()
    {
        await using var rig = new LoopRig();
        var worker = rig.Connect();
        var future = rig.Submit();
        worker.Succeed(1);
        worker.Succeed(1, "2");
        Assert.Equal(1, await future.Soon());
        Assert.Equal(1, rig.Loop.LateOutcomes);
        Assert.Contains(rig.Log.Texts, static t => t.Contains("sequence 1 was dropped", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_peer_that_answers_what_was_never_sent_loses_its_session()
    {
        await using var rig = new LoopRig();
        var worker = rig.Connect();
        worker.Succeed(99);
        Assert.Contains("sequence 99", worker.AbortReason, StringComparison.Ordinal);
        Assert.Contains("sequence 99", Assert.Single(rig.Log.TakeErrors()).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_load_of_a_worker_names_what_is_in_its_lanes()
    {
        await using var rig = new LoopRig();
        var worker = rig.Connect(concurrency: 2);
        var first = rig.Submit(options: new TaskOptions { Id = "mine" });
        var second = rig.Submit();
        _ = rig.Submit();
        Assert.Equal(["mine", second.Id], rig.Loop.LoadOf(worker.State.Worker.Id, rig.Identity.IdPrefix).RunningTasks);
        Assert.Equal((TaskState.Running, 1), (first.State, rig.Loop.Load.Queued));
    }

    [Fact]
    public async Task A_stop_is_over_when_everything_has_ended_and_not_before()
    {
        await using var rig = new LoopRig();
        var worker = rig.Connect();
        var future = rig.Submit();
        rig.Loop.BeginStop();
        Assert.False(rig.Loop.Drained.IsCompleted);
        worker.Succeed(1);
        await rig.Loop.Drained.Soon();
        Assert.True(future.IsDone);
    }

    [Fact]
    public async Task When_the_source_of_workers_ends_nothing_waits_for_ever()
    {
        await using var rig = new LoopRig();
        var worker = rig.Connect();
        var running = rig.Submit();
        var waiting = rig.Submit();
        await worker.NextAsync();

        rig.Loop.SourceEnded();
        worker.End();

        Assert.Equal(TaskFailureKind.WorkerLost, (await Assert.ThrowsAsync<TaskException>(() => running.Soon())).Kind);
        Assert.Equal(TaskFailureKind.NoWorkers, (await Assert.ThrowsAsync<TaskException>(() => waiting.Soon())).Kind);
        await Task.WhenAll(running.Settled, waiting.Settled).Soon();
    }

    private sealed class BrokenLog : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            throw new InvalidOperationException("the disk is full");
    }
}
