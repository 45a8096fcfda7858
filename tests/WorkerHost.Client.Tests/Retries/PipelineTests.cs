using System.Diagnostics.CodeAnalysis;
using Polly;
using Polly.Registry;
using Polly.Retry;

namespace WorkerHost.Client.Tests;

/// <summary>Whatever a pipeline of the user's does, its task ends, can be cancelled, and holds up nobody.</summary>
public sealed class PipelineTests
{
    private static readonly TaskOptions Limited = new() { TimeLimit = TimeSpan.FromSeconds(5) };

    [Fact]
    public async Task One_that_tries_again_for_ever_ends_when_there_is_nothing_to_try_again()
    {
        var outer = new Ending();
        var forEver = new ResiliencePipelineBuilder().AddStrategy(_ => outer, new NoOptions()).AddRetry(new RetryStrategyOptions { MaxRetryAttempts = int.MaxValue, Delay = TimeSpan.Zero, ShouldHandle = static _ => ValueTask.FromResult(true) }).Build();
        await using var rig = new LoopRig(pipeline: forEver);
        var worker = rig.Connect();
        var (good, bad) = (rig.Submit(), rig.Submit());
        worker.Succeed((await worker.NextAsync()).Sequence, "3");
        worker.Fail((await worker.NextAsync()).Sequence, DispatcherRig.HandlerThrew());

        Assert.Equal(3, await good.Soon());
        Assert.Equal("it threw", (await Assert.ThrowsAsync<TaskException>(() => bad.Soon())).Message);
        await Task.WhenAll(good.Settled, bad.Settled).Soon();
        Assert.Equal(2, worker.Count);
        await outer.EndsAsync(2).Soon();
    }

    [Fact]
    public async Task While_it_waits_before_another_attempt_that_is_not_allowed_the_task_can_be_cancelled_and_its_time_limit_counts()
    {
        await using var rig = new LoopRig(pipeline: Hanging());
        var worker = rig.Connect();
        var (cancelled, expired) = (rig.Submit(), rig.Submit(options: Limited));
        worker.Fail((await worker.NextAsync()).Sequence, DispatcherRig.HandlerThrew());
        worker.Fail((await worker.NextAsync()).Sequence, DispatcherRig.HandlerThrew());
        Assert.Equal(2, rig.Loop.Load.Unsettled);

        Assert.True(cancelled.Cancel());
        rig.Time.Advance(TimeSpan.FromSeconds(5.1));

        Assert.Equal(TaskState.Cancelled, cancelled.State);
        Assert.Equal(TaskFailureKind.DeadlineExceeded, (await Assert.ThrowsAsync<TaskException>(() => expired.Soon())).Kind);
        await Task.WhenAll(cancelled.Settled, expired.Settled).Soon();
        await DisposeAsync(rig);
    }

    [Fact]
    public async Task A_result_is_told_when_it_arrives_whatever_it_does_afterwards()
    {
        await using var rig = new LoopRig(pipeline: Hanging());
        var worker = rig.Connect();
        var future = rig.Submit();
        worker.Succeed((await worker.NextAsync()).Sequence, "4");
        Assert.Equal(4, await future.Soon());
        await future.Settled.Soon();
        await DisposeAsync(rig);
    }

    [Fact]
    public async Task One_that_is_deaf_does_not_hold_up_the_end_of_the_pool()
    {
        await using var rig = new LoopRig(pipeline: Hanging());
        var worker = rig.Connect();
        var future = rig.Submit();
        worker.Fail((await worker.NextAsync()).Sequence, DispatcherRig.HandlerThrew());

        await DisposeAsync(rig);

        Assert.Equal("it threw", (await Assert.ThrowsAsync<TaskException>(() => future.Soon())).Message);
        await future.Settled.Soon();
        Assert.Contains(rig.Log.Texts, static t => t.Contains("pipeline of task work did not end within 00:00:02", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Who_cancels_during_its_pause_leaves_nothing_behind()
    {
        var patient = new Patient();
        await using var rig = new LoopRig(pipeline: Of(patient));
        var worker = rig.Connect();
        var future = rig.Submit();
        worker.Fail((await worker.NextAsync()).Sequence, DispatcherRig.HandlerThrew(retryable: true));
        await patient.Waits.Soon();

        Assert.True(future.Cancel());

        await patient.Left.Soon();
    }

    [Fact]
    public async Task A_retry_of_its_own_is_taken_from_the_pools_budget_too()
    {
        var inner = new ResiliencePipelineBuilder().AddRetry(new RetryStrategyOptions { MaxRetryAttempts = 100, Delay = TimeSpan.Zero }).Build();
        await using var rig = new LoopRig(retry: new RetryOptions { Budget = new RetryBudgetOptions { PerTask = 0, PerSecond = 0, Burst = 2 } }, pipeline: inner, attempts: 100);
        var worker = rig.Connect();
        var future = rig.Submit();
        for (var attempt = 1; attempt <= 3; attempt++)
        {
            worker.Fail((await worker.NextAsync()).Sequence, DispatcherRig.HandlerThrew(retryable: true));
        }

        var failed = await Assert.ThrowsAsync<TaskException>(() => future.Soon());
        Assert.Contains("the pool's retries are spent", failed.Message, StringComparison.Ordinal);
        Assert.Equal(3, worker.Count);
    }

    [Fact]
    public async Task One_that_can_be_had_at_the_submission_is_the_tasks_to_its_end()
    {
        await using var endpoint = new FakeEndpoint(FakeEndpoint.Echo);
        await using var pool = await WorkerPool.ConnectAsync(endpoint.Address, new WorkerPoolOptions { AttemptPipelines = new GoneAfterTheFirstLook() }, TestContext.Current.CancellationToken).Soon();
        Assert.Equal(7, await pool.Submit<int>("echo", [7], new TaskOptions { AttemptPipeline = "mine" }).Soon());
    }

    private static async Task DisposeAsync(LoopRig rig)
    {
        var disposing = rig.Retries.DisposeAsync().AsTask();
        await rig.PassTimeUntil(disposing.ContinueWith(static t => t.IsCompletedSuccessfully, TestContext.Current.CancellationToken, TaskContinuationOptions.None, TaskScheduler.Default).Soon());
        await disposing;
    }

    private static ResiliencePipeline Hanging() => Of(new Deaf());

    private static ResiliencePipeline Of(ResilienceStrategy strategy) => new ResiliencePipelineBuilder().AddStrategy(_ => strategy, new NoOptions()).Build();

    private sealed class NoOptions : ResilienceStrategyOptions;

    /// <summary>Tells when what it wraps has ended.</summary>
    private sealed class Ending : ResilienceStrategy
    {
        private readonly SemaphoreSlim ended = new(0);

        public async Task EndsAsync(int times)
        {
            for (var time = 0; time < times; time++)
            {
                await ended.WaitAsync(TestContext.Current.CancellationToken);
            }
        }

        protected override async ValueTask<Outcome<TResult>> ExecuteCore<TResult, TState>(
            Func<ResilienceContext, TState, ValueTask<Outcome<TResult>>> callback, ResilienceContext context, TState state)
        {
            var outcome = await callback(context, state);
            ended.Release();
            return outcome;
        }
    }

    /// <summary>After its attempt it does something that never ends, and hears of nothing.</summary>
    private sealed class Deaf : ResilienceStrategy
    {
        private readonly TaskCompletionSource never = new();

        protected override async ValueTask<Outcome<TResult>> ExecuteCore<TResult, TState>(
            Func<ResilienceContext, TState, ValueTask<Outcome<TResult>>> callback, ResilienceContext context, TState state)
        {
            var outcome = await callback(context, state);
            await never.Task;
            return outcome;
        }
    }

    /// <summary>After its attempt it waits until its token says that there is no other.</summary>
    private sealed class Patient : ResilienceStrategy
    {
        private readonly TaskCompletionSource waits = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource left = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Waits => waits.Task;

        public Task Left => left.Task;

        protected override async ValueTask<Outcome<TResult>> ExecuteCore<TResult, TState>(
            Func<ResilienceContext, TState, ValueTask<Outcome<TResult>>> callback, ResilienceContext context, TState state)
        {
            var outcome = await callback(context, state);
            waits.TrySetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, context.CancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            left.TrySetResult();
            return outcome;
        }
    }

    /// <summary>A registry from which the pipeline is removed while a task is being submitted.</summary>
    private sealed class GoneAfterTheFirstLook : ResiliencePipelineProvider<string>
    {
        private int gets;

        public override bool TryGetPipeline(string key, [NotNullWhen(true)] out ResiliencePipeline? pipeline)
        {
            pipeline = ResiliencePipeline.Empty;
            return true;
        }

        public override bool TryGetPipeline<TResult>(string key, [NotNullWhen(true)] out ResiliencePipeline<TResult>? pipeline) => throw new NotSupportedException();

        public override ResiliencePipeline GetPipeline(string key) =>
            Interlocked.Increment(ref gets) == 1 ? ResiliencePipeline.Empty : throw new KeyNotFoundException("it was removed");
    }
}
