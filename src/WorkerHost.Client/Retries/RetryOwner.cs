using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Polly;
using Polly.Registry;
using Polly.Retry;

namespace WorkerHost.Client;

/// <summary>
/// The one owner of retries. A first attempt runs outside Polly; one that failed in a way that allows another enters
/// the pipeline with that outcome as attempt 0. With a pipeline of the user's, every attempt runs inside it. Each retry is
/// taken from the pool's budget. What may be tried again at all was decided by the dispatcher, from the evidence; here only
/// when and how often.
/// </summary>
internal sealed class RetryOwner : IAsyncDisposable
{
    private static readonly ResiliencePropertyKey<RetryRun> RunKey = new("workerhost.task");

    /// <summary>For strategies of the user's to notice that the pool is stopping.</summary>
    private static readonly TimeSpan DeafGrace = TimeSpan.FromSeconds(2);

    private readonly ResiliencePipeline<AttemptOutcome> retries;
    private readonly RetryBudget? budget;
    private readonly ResiliencePipeline? attempts;
    private readonly ResiliencePipelineProvider<string>? named;
    private readonly TimeProvider time;
    private readonly ILogger logger;
    private readonly CancellationTokenSource stopped = new();
    private readonly ConcurrentDictionary<RetryRun, Task> runs = new();

    /// <param name="options">When a failed attempt is tried again, and how many of all.</param>
    /// <param name="attempts">Wraps every attempt of a task that names no other pipeline.</param>
    /// <param name="named">Where the pipelines are that tasks name.</param>
    /// <param name="time">The pool's clock.</param>
    /// <param name="logger">The pool's log.</param>
    /// <param name="jitter">From 0 to 1, from any thread; null: by chance.</param>
    public RetryOwner(
        RetryOptions options, ResiliencePipeline? attempts, ResiliencePipelineProvider<string>? named, TimeProvider time, ILogger logger, Func<double>? jitter = null)
    {
        this.attempts = attempts;
        this.named = named;
        this.time = time;
        this.logger = logger;
        budget = options.Budget is { } limits ? new RetryBudget(limits, time.GetTimestamp()) : null;
        var strategy = new RetryStrategyOptions<AttemptOutcome>
        {
            // The dispatcher counts attempts per task; this only must not be the smaller number.
            MaxRetryAttempts = int.MaxValue,
            BackoffType = DelayBackoffType.Exponential,
            UseJitter = true,
            Delay = options.MinDelay,
            MaxDelay = options.MaxDelay,
            ShouldHandle = args => ValueTask.FromResult(MayRetry(args.Context, args.Outcome)),

            // Polly bounds only the delays it makes up itself.
            DelayGenerator = args => ValueTask.FromResult(args.Outcome.Result.Failure?.RetryAfter is { } asked && asked > options.MaxDelay ? options.MaxDelay : args.Outcome.Result.Failure?.RetryAfter),
            OnRetry = args =>
            {
                if (args.Context.Properties.TryGetValue(RunKey, out var run) && args.Outcome.Result.Failure is { } failure)
                {
                    Log.Retrying(logger, run.Entry.Attempt, run.Entry.Task, failure.Kind, args.RetryDelay);
                }

                return default;
            },
        };
        if (jitter is not null)
        {
            strategy.Randomizer = jitter;
        }

        retries = new ResiliencePipelineBuilder<AttemptOutcome> { TimeProvider = time }.AddRetry(strategy).Build();
    }

    /// <summary>The pipeline of the user's that wraps every attempt of the task, the first included; null: none does.</summary>
    public ResiliencePipeline? PipelineOf(TaskOptions options) => options.AttemptPipeline is null ? attempts : named?.GetPipeline(options.AttemptPipeline);

    /// <summary>Why the pipeline that the task names cannot be had; null: it can, or it names none.</summary>
    public string? Objection(TaskOptions options) => options.AttemptPipeline is not { } name || (named is not null && named.TryGetPipeline(name, out _))
        ? null
        : $"there is no attempt pipeline '{name}' (TaskOptions.AttemptPipeline); {(named is null ? "the pool has none: set WorkerPoolOptions.AttemptPipelines" : "add it to the registry in WorkerPoolOptions.AttemptPipelines")}";

    /// <summary>Runs a task's attempts inside the user's pipeline; the entry was accepted as held.</summary>
    /// <param name="loop">The pool's.</param>
    /// <param name="entry">The task.</param>
    /// <param name="future">Whoever is told; not read from the entry, which forgets it when the task has ended meanwhile.</param>
    /// <param name="pipeline">What <see cref="PipelineOf"/> said when it was submitted.</param>
    public void Begin(DispatchLoop loop, TaskEntry entry, ICompletion future, ResiliencePipeline pipeline)
    {
        var run = new RetryRun(loop, entry, future, pipeline);
        entry.Completion = run;
        Start(run, first: null);
    }

    public void AttemptFailed(DispatchLoop loop, TaskEntry entry, in AttemptOutcome outcome)
    {
        if (entry.Completion is not { } future)
        {
            // It was cancelled, and all of that told, before this thread came to tell of the attempt.
            return;
        }

        if (future is RetryRun run)
        {
            run.AttemptEnded(outcome);
            return;
        }

        if (entry.Attempt >= entry.MaxAttempts || !entry.MayRetry)
        {
            loop.GiveUp(entry, outcome);
            return;
        }

        run = new RetryRun(loop, entry, future, pipeline: null);
        entry.Completion = run;
        Start(run, outcome);
    }

    public async ValueTask DisposeAsync()
    {
        // Not disposed: an attempt that fails from now on finds it cancelled, and its task ends with that failure.
        await stopped.CancelAsync().ConfigureAwait(false);
        try
        {
            await Task.WhenAll(runs.Values).WaitAsync(DeafGrace, time).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            foreach (var run in runs.Keys)
            {
                runs.TryRemove(run, out _);
                Log.PipelineDeaf(logger, run.Entry.Task, DeafGrace);
                run.End(OutcomeAtTheEnd(run));
            }
        }
    }

    private bool MayRetry(ResilienceContext context, Outcome<AttemptOutcome> outcome)
    {
        if (outcome.Exception is not null
            || outcome.Result.Failure is null
            || !context.Properties.TryGetValue(RunKey, out var run)
            || run.IsOverBudget
            || run.Entry is not { Phase: TaskPhase.Retrying, MayRetry: true }
            || run.Entry.Attempt >= run.Entry.MaxAttempts)
        {
            return false;
        }

        return Pays(run);
    }

    /// <summary>Takes the next attempt of the task from the pool's budget. False: nothing is left there.</summary>
    private bool Pays(RetryRun run)
    {
        // A host that is gone with all it had is one event, however many tasks that were: trying those again is no load that grows with failing.
        run.IsOverBudget = budget is not null && run.Entry.LastFailure is not { HostWasLost: true } && !budget.TryTake(time, run.Loop.Counts.Submitted);
        return run.IsPaid = !run.IsOverBudget;
    }

    /// <summary>An attempt inside the user's pipeline. A strategy that asks for another by itself pays for it like anybody.</summary>
    private async ValueTask<AttemptOutcome> AttemptAsync(RetryRun run, CancellationToken stop)
    {
        if (run.Entry is { Attempt: > 0, Phase: TaskPhase.Retrying, MayRetry: true } again && again.Attempt < again.MaxAttempts && !run.IsPaid && !Pays(run))
        {
            return run.NoMore();
        }

        run.IsPaid = false;
        return await run.AttemptAsync(stop).ConfigureAwait(false);
    }

    private void Start(RetryRun run, AttemptOutcome? first)
    {
        var task = RunAsync(run, first);
        if (!task.IsCompleted)
        {
            runs[run] = task;
            _ = task.ContinueWith(static (_, s) => ((RetryOwner, RetryRun))s! is var (owner, done) && owner.runs.TryRemove(done, out var _), (this, run), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }
    }

    private async Task RunAsync(RetryRun run, AttemptOutcome? first)
    {
        var context = ResilienceContextPool.Shared.Get(run.Over);
        context.Properties.Set(RunKey, run);
        AttemptOutcome outcome;
        try
        {
            using var closing = stopped.Token.UnsafeRegister(static r => ((RetryRun)r!).Release(), run);
            var state = new RunState(this, run) { First = first };
            var result = await retries.ExecuteOutcomeAsync(static (ctx, s) => s.NextAsync(ctx), context, state).ConfigureAwait(false);
            outcome = result.Exception switch
            {
                null => result.Result,
                OperationCanceledException when run.Over.IsCancellationRequested => OutcomeAtTheEnd(run),
                var thrown => AttemptOutcome.Threw(thrown),
            };
            if (run.IsOverBudget && outcome.Failure is { } failure)
            {
                outcome = AttemptOutcome.Failed(failure with { Message = $"{failure.Message}; {budget!.Refusal}" });
            }
        }
        finally
        {
            ResilienceContextPool.Shared.Return(context);
        }

        run.End(outcome);
    }

    private static AttemptOutcome OutcomeAtTheEnd(RetryRun run) => AttemptOutcome.Failed(run.Entry.LastFailure ?? PoolStopped);

    private static TaskFailure PoolStopped { get; } = new() { Kind = TaskFailureKind.Cancelled, Message = "the pool was stopped while the task waited for an attempt" };

    private sealed class RunState(RetryOwner owner, RetryRun run)
    {
        public RetryOwner Owner => owner;

        public RetryRun Run => run;

        public AttemptOutcome? First { get; set; }

        public async ValueTask<Outcome<AttemptOutcome>> NextAsync(ResilienceContext context)
        {
            if (First is { } first)
            {
                First = null;
                return Outcome.FromResult(first);
            }

            if (run.Pipeline is not { } pipeline)
            {
                return Outcome.FromResult(await run.AttemptAsync(context.CancellationToken).ConfigureAwait(context.ContinueOnCapturedContext));
            }

            // Strategies speak exceptions: a failure goes through the user's pipeline as one and is taken out again.
            try
            {
                var result = await pipeline.ExecuteAsync(
                    static async (ctx, s) =>
                    {
                        var outcome = await s.Owner.AttemptAsync(s.Run, ctx.CancellationToken).ConfigureAwait(ctx.ContinueOnCapturedContext);
                        return outcome.Failure is { } failure ? throw new AttemptFailedException(s.Run.Entry, failure) : outcome;
                    },
                    context,
                    this).ConfigureAwait(context.ContinueOnCapturedContext);
                return Outcome.FromResult(result);
            }
            catch (AttemptFailedException e)
            {
                return Outcome.FromResult(AttemptOutcome.Failed(e.Failure));
            }
            catch (Exception e)
            {
                return Outcome.FromException<AttemptOutcome>(e);
            }
        }
    }
}
