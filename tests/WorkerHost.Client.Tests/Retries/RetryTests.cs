using Microsoft.Extensions.Time.Testing;
using Polly;
using Polly.Registry;
using Polly.Retry;
using Polly.Timeout;

namespace WorkerHost.Client.Tests;

/// <summary>One owner of retries: what may be tried again is decided by evidence, when and how often here.</summary>
public sealed class RetryTests
{
    private static readonly TaskOptions Idempotent = new() { Idempotent = true };

    [Fact]
    public async Task A_task_that_does_not_fail_never_meets_the_pipeline()
    {
        await using var rig = new LoopRig();
        rig.Connect(answer: static _ => FakeConnection.Json("1"));
        var (entry, future) = rig.Make();
        Assert.Null(rig.Loop.Submit(entry, held: false));
        await future.Soon();
        Assert.Same(future, entry.Completion);
    }

    [Fact]
    public async Task A_failure_that_allows_no_other_attempt_never_meets_the_pipeline()
    {
        await using var rig = new LoopRig();
        var worker = rig.Connect();
        var (entry, future) = rig.Make();
        Assert.Null(rig.Loop.Submit(entry, held: false));
        worker.Fail((await worker.NextAsync()).Sequence, DispatcherRig.HandlerThrew());
        await Assert.ThrowsAsync<TaskException>(() => future.Soon());
        Assert.Same(future, entry.Completion);
    }

    [Fact]
    public async Task A_failed_attempt_enters_the_pipeline_as_the_first_and_waits_the_first_backoff()
    {
        await using var rig = new LoopRig(retry: new RetryOptions { MinDelay = TimeSpan.FromSeconds(1) });
        var worker = rig.Connect();
        var future = rig.Submit();
        worker.Fail((await worker.NextAsync()).Sequence, DispatcherRig.HandlerThrew(retryable: true));
        Assert.Equal(TaskState.Pending, future.State);
        Assert.Equal(1, worker.Count);

        // Full jitter may shorten the first delay to almost nothing or double it; the log says what it was.
        rig.Time.Advance(TimeSpan.FromSeconds(10));

        var (entry, sequence) = await worker.NextAsync();
        Assert.Equal(2, entry.Attempt);
        worker.Succeed(sequence, "9");
        Assert.Equal(9, await future.Soon());
        await future.Settled.Soon();
        Assert.Contains(rig.Log.Texts, static t => t.StartsWith("Attempt 1 of task work failed with TaskFailed; trying again in", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public async Task A_task_has_as_many_attempts_as_it_says_and_then_its_last_failure(int attempts)
    {
        await using var rig = new LoopRig(attempts: 3);
        var worker = rig.Connect();
        var future = rig.Submit(options: Idempotent, maxAttempts: attempts);
        for (var attempt = 1; attempt <= attempts; attempt++)
        {
            var (entry, sequence) = await rig.PassTimeUntil(worker.NextAsync());
            Assert.Equal(attempt, entry.Attempt);
            worker.Fail(sequence, DispatcherRig.HandlerThrew(retryable: true) with { Message = $"failure {attempt}" });
        }

        Assert.Equal($"failure {attempts}", (await Assert.ThrowsAsync<TaskException>(() => future.Soon())).Message);
        Assert.Equal(attempts, future.Attempts.Count);
        Assert.Equal(attempts, worker.Count);
        await future.Settled.Soon();
    }

    [Fact]
    public async Task A_task_runs_in_the_pipeline_it_names_and_the_others_in_the_pools_own()
    {
        var seen = new List<string>();
        using var registry = new ResiliencePipelineRegistry<string>();
        registry.TryAddBuilder("slow", (builder, _) => builder.AddStrategy(_ => new Witness("slow", seen), new Witness.Options()));
        var usual = new ResiliencePipelineBuilder().AddStrategy(_ => new Witness("usual", seen), new Witness.Options()).Build();
        await using var rig = new LoopRig(pipeline: usual, pipelines: registry);
        rig.Connect(answer: static _ => FakeConnection.Json("1"));

        await rig.Submit(options: new TaskOptions { AttemptPipeline = "slow" }).Soon();
        await rig.Submit().Soon();

        Assert.Equal(["slow", "usual"], seen);
    }

    [Fact]
    public async Task The_time_a_failure_asks_for_is_waited()
    {
        await using var rig = new LoopRig(retry: new RetryOptions { MaxDelay = TimeSpan.FromMinutes(1) });
        var worker = rig.Connect();
        var future = rig.Submit();
        worker.Fail((await worker.NextAsync()).Sequence, DispatcherRig.HandlerThrew(retryable: true) with { RetryAfter = TimeSpan.FromSeconds(30) });
        rig.Time.Advance(TimeSpan.FromSeconds(29.9));
        Assert.Equal(1, worker.Count);
        rig.Time.Advance(TimeSpan.FromSeconds(0.2));
        var (entry, sequence) = await worker.NextAsync();
        Assert.Equal(2, entry.Attempt);
        worker.Succeed(sequence);
        await future.Soon();
        Assert.Contains(rig.Log.Texts, static t => t.Contains("trying again in 00:00:30", StringComparison.Ordinal));
    }

    [Fact]
    public async Task No_worker_can_ask_for_a_longer_delay_than_the_longest()
    {
        await using var rig = new LoopRig(retry: new RetryOptions { MaxDelay = TimeSpan.FromSeconds(3) });
        var worker = rig.Connect();
        var future = rig.Submit();
        worker.Fail((await worker.NextAsync()).Sequence, DispatcherRig.HandlerThrew(retryable: true) with { RetryAfter = TimeSpan.FromHours(1) });
        rig.Time.Advance(TimeSpan.FromSeconds(2.9));
        Assert.Equal(1, worker.Count);
        rig.Time.Advance(TimeSpan.FromSeconds(0.2));
        worker.Succeed((await worker.NextAsync()).Sequence, "4");
        Assert.Equal(4, await future.Soon());
    }

    [Fact]
    [Trait("Scenario", "13")]
    public async Task An_idempotent_task_whose_worker_died_is_tried_again_on_the_next()
    {
        await using var rig = new LoopRig();
        var first = rig.Connect();
        var future = rig.Submit(options: Idempotent);
        var (_, sequence) = await first.NextAsync();
        first.Die(sequence, sequence);
        var second = rig.Connect(incarnation: 2);
        rig.Time.Advance(TimeSpan.FromMinutes(1));
        second.Succeed((await second.NextAsync()).Sequence, "3");
        Assert.Equal(3, await future.Soon());
    }

    [Fact]
    public async Task Cancelling_during_the_backoff_ends_the_future_at_once_and_settles_it()
    {
        await using var rig = new LoopRig();
        var worker = rig.Connect();
        var future = rig.Submit();
        worker.Fail((await worker.NextAsync()).Sequence, DispatcherRig.HandlerThrew(retryable: true));

        Assert.True(future.Cancel());

        Assert.Equal(TaskState.Cancelled, future.State);
        await future.Settled.Soon();
        rig.Time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(1, worker.Count);
    }

    [Fact]
    public async Task A_time_limit_that_passes_during_the_backoff_ends_the_future()
    {
        await using var rig = new LoopRig();
        var worker = rig.Connect();
        var future = rig.Submit(options: new TaskOptions { TimeLimit = TimeSpan.FromSeconds(5) });
        worker.Fail((await worker.NextAsync()).Sequence, DispatcherRig.HandlerThrew(retryable: true) with { RetryAfter = TimeSpan.FromSeconds(60) });
        rig.Time.Advance(TimeSpan.FromSeconds(5.1));
        Assert.Equal(TaskFailureKind.DeadlineExceeded, (await Assert.ThrowsAsync<TaskException>(() => future.Soon())).Kind);
        await future.Settled.Soon();
    }

    [Fact]
    public async Task A_task_that_is_cancelled_just_when_its_next_attempt_is_due_is_told_as_cancelled()
    {
        await using var rig = new LoopRig();
        var worker = rig.Connect();
        var future = rig.Submit();
        worker.Fail((await worker.NextAsync()).Sequence, DispatcherRig.HandlerThrew(retryable: true));
        _ = rig.Submit();
        await worker.NextAsync();

        // Everything is cancelled, this one is told first, and before the other can be told its delay is over.
        var (queued, _) = rig.Make();
        queued.Completion = new WhenTold(() =>
        {
            rig.Time.Advance(TimeSpan.FromHours(1));
            SpinWait.SpinUntil(() => future.IsDone, TimeSpan.FromMilliseconds(200));
        });
        Assert.Null(rig.Loop.Submit(queued, held: false));
        rig.Loop.CancelAll();

        await Assert.ThrowsAsync<TaskCanceledException>(() => future.Soon());
        await future.Settled.Soon();
    }

    [Fact]
    public async Task Cancelling_everything_during_the_backoff_ends_the_task_and_the_stop_does_not_wait_for_the_delay()
    {
        await using var rig = new LoopRig();
        var worker = rig.Connect();
        var future = rig.Submit();
        worker.Fail((await worker.NextAsync()).Sequence, DispatcherRig.HandlerThrew(retryable: true));
        rig.Loop.BeginStop();
        rig.Loop.CancelAll();
        await rig.Loop.Drained.Soon();
        Assert.Equal(TaskState.Cancelled, future.State);
        await future.Settled.Soon();
    }

    [Fact]
    public async Task A_retry_owner_that_is_disposed_during_the_backoff_ends_the_task_with_its_last_failure()
    {
        await using var rig = new LoopRig();
        var worker = rig.Connect();
        var future = rig.Submit();
        worker.Fail((await worker.NextAsync()).Sequence, DispatcherRig.HandlerThrew(retryable: true));
        await rig.Retries.DisposeAsync().AsTask().Soon();
        Assert.Equal("it threw", (await Assert.ThrowsAsync<TaskException>(() => future.Soon())).Message);
        await future.Settled.Soon();
        Assert.Equal(0, rig.Loop.Load.Unsettled);
    }

    [Fact]
    public async Task A_failure_after_the_retries_were_closed_ends_the_task()
    {
        await using var rig = new LoopRig();
        var worker = rig.Connect();
        var future = rig.Submit();
        await rig.Retries.DisposeAsync();
        worker.Fail((await worker.NextAsync()).Sequence, DispatcherRig.HandlerThrew(retryable: true));
        Assert.Equal("it threw", (await Assert.ThrowsAsync<TaskException>(() => future.Soon())).Message);
        await future.Settled.Soon();
    }

    [Fact]
    public async Task Cancelling_the_second_attempt_while_it_runs_is_no_defect()
    {
        var unobserved = 0;
        EventHandler<UnobservedTaskExceptionEventArgs> count = (_, e) => Interlocked.Add(ref unobserved, e.Exception.ToString().Contains("defect in the pool", StringComparison.Ordinal) ? 1 : 0);
        TaskScheduler.UnobservedTaskException += count;
        try
        {
            await using var rig = new LoopRig();
            var worker = rig.Connect();
            var future = rig.Submit();
            worker.Fail((await worker.NextAsync()).Sequence, DispatcherRig.HandlerThrew(retryable: true));
            rig.Time.Advance(TimeSpan.FromMinutes(1));
            var (_, sequence) = await worker.NextAsync();
            Assert.True(future.Cancel());
            Assert.False(future.Settled.IsCompleted);
            worker.Succeed(sequence);
            await future.Settled.Soon();
            Assert.Equal(TaskState.Cancelled, future.State);
        }
        finally
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            TaskScheduler.UnobservedTaskException -= count;
        }

        Assert.Equal(0, unobserved);
    }

    [Fact]
    public async Task A_pipeline_of_the_users_wraps_every_attempt_the_first_included()
    {
        var counting = new Counting();
        await using var rig = new LoopRig(pipeline: new ResiliencePipelineBuilder().AddStrategy(_ => counting, new CountingOptions()).Build());
        var worker = rig.Connect();
        var good = rig.Submit();
        worker.Succeed((await worker.NextAsync()).Sequence, "4");
        Assert.Equal(4, await good.Soon());
        Assert.Equal((1, 0), (counting.Begun, counting.Threw));

        var bad = rig.Submit();
        for (var attempt = 1; attempt <= 3; attempt++)
        {
            worker.Fail((await rig.PassTimeUntil(worker.NextAsync())).Sequence, DispatcherRig.HandlerThrew(retryable: true));
        }

        Assert.Equal("it threw", (await Assert.ThrowsAsync<TaskException>(() => bad.Soon())).Message);
        Assert.Equal((4, 3), (counting.Begun, counting.Threw));
        Assert.Equal([1, 2, 3], counting.Failed.Select(static e => e.Attempt));
        Assert.All(counting.Failed, static e => Assert.Equal("work", e.TaskName));
        await bad.Settled.Soon();
    }

    [Fact]
    public async Task A_timeout_of_the_users_stops_the_attempt_and_the_task_is_tried_again()
    {
        var clock = new FakeTimeProvider();
        var timeout = new ResiliencePipelineBuilder { TimeProvider = clock }.AddTimeout(new TimeoutStrategyOptions { Timeout = TimeSpan.FromSeconds(10) }).Build();
        await using var rig = new LoopRig(pipeline: timeout);
        var worker = rig.Connect();
        var future = rig.Submit(options: Idempotent);
        var (_, sequence) = await worker.NextAsync();

        clock.Advance(TimeSpan.FromSeconds(10));

        Assert.Equal(sequence, await worker.Cancels.ReadAsync(TestContext.Current.CancellationToken).Soon());
        Assert.False(future.IsDone);
        worker.Fail(sequence, new TaskFailure { Kind = TaskFailureKind.Cancelled, Message = "it heeded" });
        worker.Succeed((await rig.PassTimeUntil(worker.NextAsync())).Sequence, "8");
        Assert.Equal(8, await future.Soon());
    }

    [Fact]
    public async Task A_retry_of_the_users_inside_the_pipeline_gets_no_attempt_that_the_evidence_forbids()
    {
        var inner = new ResiliencePipelineBuilder().AddRetry(new RetryStrategyOptions { MaxRetryAttempts = 5, Delay = TimeSpan.Zero }).Build();
        await using var rig = new LoopRig(pipeline: inner);
        var worker = rig.Connect();
        var future = rig.Submit();
        var (_, sequence) = await worker.NextAsync();
        worker.Die(sequence, sequence);
        var next = rig.Connect(incarnation: 2);
        Assert.Equal(TaskFailureKind.WorkerLost, (await Assert.ThrowsAsync<TaskException>(() => future.Soon())).Kind);
        Assert.Equal(0, next.Count);
    }

    [Fact]
    public async Task A_retry_of_the_users_inside_the_pipeline_survives_a_cancellation_of_the_running_attempt()
    {
        var inner = new ResiliencePipelineBuilder().AddRetry(new RetryStrategyOptions { MaxRetryAttempts = 5, Delay = TimeSpan.Zero }).Build();
        await using var rig = new LoopRig(pipeline: inner);
        var worker = rig.Connect();
        var future = rig.Submit();
        var (_, sequence) = await worker.NextAsync();
        Assert.True(future.Cancel());
        worker.Succeed(sequence);
        await future.Settled.Soon();
        Assert.Equal((TaskState.Cancelled, 1), (future.State, worker.Count));
    }

    [Fact]
    public async Task What_a_strategy_of_the_users_throws_is_the_outcome()
    {
        var refusing = new ResiliencePipelineBuilder().AddStrategy(_ => new Refusing(), new CountingOptions()).Build();
        await using var rig = new LoopRig(pipeline: refusing);
        var worker = rig.Connect();
        var future = rig.Submit();
        Assert.Equal("not today", (await Assert.ThrowsAsync<NotSupportedException>(() => future.Soon())).Message);
        Assert.Equal(TaskState.Failed, future.State);
        await future.Settled.Soon();
        Assert.Equal((0, 0), (worker.Count, rig.Loop.Load.Unsettled));
    }

    [Fact]
    public async Task A_strategy_that_does_not_wait_for_its_attempt_ends_the_task_and_the_attempt_is_stopped()
    {
        var leaving = new ResiliencePipelineBuilder().AddStrategy(_ => new Leaving(), new CountingOptions()).Build();
        await using var rig = new LoopRig(pipeline: leaving);
        var worker = rig.Connect();
        var future = rig.Submit();
        var (_, sequence) = await worker.NextAsync();
        Assert.Equal("gone", (await Assert.ThrowsAsync<NotSupportedException>(() => future.Soon())).Message);
        Assert.Equal(sequence, await worker.Cancels.ReadAsync(TestContext.Current.CancellationToken).Soon());
        Assert.False(future.Settled.IsCompleted);
        worker.Succeed(sequence);
        await future.Settled.Soon();
    }

    private sealed class CountingOptions : ResilienceStrategyOptions;

    private sealed class Counting : ResilienceStrategy
    {
        private readonly Lock gate = new();
        public int Begun;

        public int Threw;

        public List<AttemptFailedException> Failed { get; } = [];

        protected override async ValueTask<Outcome<TResult>> ExecuteCore<TResult, TState>(
            Func<ResilienceContext, TState, ValueTask<Outcome<TResult>>> callback, ResilienceContext context, TState state)
        {
            Interlocked.Increment(ref Begun);
            var outcome = await callback(context, state);
            lock (gate)
            {
                if (outcome.Exception is AttemptFailedException failed)
                {
                    Threw++;
                    Failed.Add(failed);
                }
            }

            return outcome;
        }
    }

    private sealed class Refusing : ResilienceStrategy
    {
        protected override ValueTask<Outcome<TResult>> ExecuteCore<TResult, TState>(
            Func<ResilienceContext, TState, ValueTask<Outcome<TResult>>> callback, ResilienceContext context, TState state) =>
            ValueTask.FromResult(Outcome.FromException<TResult>(new NotSupportedException("not today")));
    }

    private sealed class Leaving : ResilienceStrategy
    {
        protected override ValueTask<Outcome<TResult>> ExecuteCore<TResult, TState>(
            Func<ResilienceContext, TState, ValueTask<Outcome<TResult>>> callback, ResilienceContext context, TState state)
        {
            _ = callback(context, state).AsTask();
            return ValueTask.FromResult(Outcome.FromException<TResult>(new NotSupportedException("gone")));
        }
    }

    private sealed class Witness(string name, List<string> seen) : ResilienceStrategy
    {
        protected override ValueTask<Outcome<TResult>> ExecuteCore<TResult, TState>(
            Func<ResilienceContext, TState, ValueTask<Outcome<TResult>>> callback, ResilienceContext context, TState state)
        {
            seen.Add(name);
            return callback(context, state);
        }

        public sealed class Options : ResilienceStrategyOptions;
    }

    private sealed class WhenTold(Action then) : ICompletion
    {
        public void Complete(in AttemptOutcome outcome) => then();

        public void Settle()
        {
        }
    }
}
