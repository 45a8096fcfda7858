using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Polly;
using Polly.Retry;

namespace WorkerHost.Client;

/// <summary>
/// The one owner of retries. A first attempt runs outside Polly; one that failed in a way that allows another enters
/// the pipeline with that outcome as attempt 0. With a pipeline of the user's, every attempt runs inside it.
/// What may be tried again at all was decided by the dispatcher, from the evidence; here only when and how often.
/// </summary>
internal sealed class RetryOwner : IAsyncDisposable
{
    private static readonly ResiliencePropertyKey<TaskEntry> EntryKey = new("workerhost.task");

    private readonly ResiliencePipeline<AttemptOutcome> retries;
    private readonly ResiliencePipeline? attempts;
    private readonly ILogger logger;
    private readonly CancellationTokenSource stopped = new();
    private readonly ConcurrentDictionary<RetryRun, Task> runs = new();

    public RetryOwner(RetryOptions options, ResiliencePipeline? attempts, TimeProvider time, ILogger logger)
    {
        this.attempts = attempts;
        this.logger = logger;
        retries = new ResiliencePipelineBuilder<AttemptOutcome> { TimeProvider = time }
            .AddRetry(new RetryStrategyOptions<AttemptOutcome>
            {
                // The dispatcher counts attempts per task; this only must not be the smaller number.
                MaxRetryAttempts = int.MaxValue,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                Delay = options.MinDelay,
                MaxDelay = options.MaxDelay,
                ShouldHandle = static args => ValueTask.FromResult(MayRetry(args.Context, args.Outcome)),

                // Polly bounds only the delays it makes up itself.
                DelayGenerator = args => ValueTask.FromResult(args.Outcome.Result.Failure?.RetryAfter is { } asked && asked > options.MaxDelay ? options.MaxDelay : args.Outcome.Result.Failure?.RetryAfter),
                OnRetry = args =>
                {
                    if (args.Context.Properties.TryGetValue(EntryKey, out var entry) && args.Outcome.Result.Failure is { } failure)
                    {
                        Log.Retrying(logger, entry.Attempt, entry.Task, failure.Kind, args.RetryDelay);
                    }

                    return default;
                },
            })
            .Build();
    }

    /// <summary>A pipeline of the user's wraps every attempt, the first included.</summary>
    public bool WrapsEveryAttempt => attempts is not null;

    /// <summary>Runs a task's attempts inside the user's pipeline; the entry was accepted as held.</summary>
    public void Begin(DispatchLoop loop, TaskEntry entry, ICompletion future)
    {
        var run = new RetryRun(loop, entry, future);
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

        run = new RetryRun(loop, entry, future);
        entry.Completion = run;
        Start(run, outcome);
    }

    public async ValueTask DisposeAsync()
    {
        // Not disposed: an attempt that fails from now on finds it cancelled, and its task ends with that failure.
        await stopped.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(runs.Values).ConfigureAwait(false);
    }

    private static bool MayRetry(ResilienceContext context, Outcome<AttemptOutcome> outcome) =>
        context.Properties.TryGetValue(EntryKey, out var entry)
        && outcome.Exception is null
        && outcome.Result.Failure is not null
        && entry is { Phase: TaskPhase.Retrying, MayRetry: true }
        && entry.Attempt < entry.MaxAttempts;

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
        var context = ResilienceContextPool.Shared.Get(stopped.Token);
        context.Properties.Set(EntryKey, run.Entry);
        AttemptOutcome outcome;
        try
        {
            var state = new RunState(this, run) { First = first };
            var result = await retries.ExecuteOutcomeAsync(static (ctx, s) => s.NextAsync(ctx), context, state).ConfigureAwait(false);
            outcome = result.Exception switch
            {
                null => result.Result,
                OperationCanceledException when stopped.IsCancellationRequested => AttemptOutcome.Failed(run.Entry.LastFailure ?? PoolStopped),
                var thrown => AttemptOutcome.Threw(thrown),
            };
        }
        finally
        {
            ResilienceContextPool.Shared.Return(context);
        }

        run.End(outcome);
    }

    private static TaskFailure PoolStopped { get; } = new() { Kind = TaskFailureKind.Cancelled, Message = "the pool was stopped while the task waited for an attempt" };

    private sealed class RunState(RetryOwner owner, RetryRun run)
    {
        public AttemptOutcome? First { get; set; }

        public async ValueTask<Outcome<AttemptOutcome>> NextAsync(ResilienceContext context)
        {
            if (First is { } first)
            {
                First = null;
                return Outcome.FromResult(first);
            }

            if (owner.attempts is null)
            {
                return Outcome.FromResult(await run.AttemptAsync(context.CancellationToken).ConfigureAwait(context.ContinueOnCapturedContext));
            }

            // Strategies speak exceptions: a failure goes through the user's pipeline as one and is taken out again.
            try
            {
                var result = await owner.attempts.ExecuteAsync(
                    static async (ctx, r) =>
                    {
                        var outcome = await r.AttemptAsync(ctx.CancellationToken).ConfigureAwait(ctx.ContinueOnCapturedContext);
                        return outcome.Failure is { } failure ? throw new AttemptFailedException(r.Entry, failure) : outcome;
                    },
                    context,
                    run).ConfigureAwait(context.ContinueOnCapturedContext);
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
