using Microsoft.Extensions.Logging;
using Polly;
using Polly.Registry;

namespace WorkerHost;

/// <summary>What a pool is told at its start; checked once, all errors at once.</summary>
public record WorkerPoolOptions
{
    /// <summary>The pool's name, in logs, worker names and messages. Letters, digits, '-', '_' and '.', at most 64. Default "default".</summary>
    public string Name { get; init; } = "default";

    /// <summary>
    /// How many tasks may wait; more are refused at once, or wait with <c>SubmitAsync</c>. Default 100 000; 0: a task is
    /// accepted only while a lane is free. Of several clients of a host each may have as many waiting as it leaves free.
    /// </summary>
    public int QueueCapacity { get; init; } = 100_000;

    /// <summary>How many bytes of payload may wait, shared among clients of a host like the places. Default 256 MiB; 1 or more.</summary>
    public long QueueBytes { get; init; } = 256L * 1024 * 1024;

    /// <summary>
    /// Refuse a task at once, as <see cref="TaskFailureKind.Rejected"/> with a time to come again, when by what was learned of the tasks that
    /// wait before it it would not begin within its <see cref="TaskOptions.TimeLimit"/>. The reckoning is cautious: it refuses
    /// only when the wait would be a quarter longer than the limit at the very least, counts a task name only after 16 of its tasks, and
    /// never refuses while a lane is free or no worker is there. Default true; false: such a task waits, and ends with
    /// <see cref="TaskFailureKind.DeadlineExceeded"/> if it does not begin in time. Tasks without a time limit are not concerned.
    /// </summary>
    public bool AdmitByDeadline { get; init; } = true;

    /// <summary>The largest task or result, in bytes. Default 64 MiB; from 1 KiB to 1 GiB.</summary>
    public int MaxMessageBytes { get; init; } = ProtocolLimits.DefaultMaxMessageBytes;

    /// <summary>
    /// Attempts in all after the loss of a worker (idempotent tasks) or a failure the handler marked retryable.
    /// Default 3; 1: none is tried again. Redispatches of tasks that never started do not count.
    /// </summary>
    public int Attempts { get; init; } = 3;

    /// <summary>
    /// After so many deaths of workers of which a task is the cause it ends as <see cref="TaskFailureKind.Quarantined"/> and its id
    /// is refused until <see cref="WorkerPool.Release"/>. Only deaths of the worker's own making count (a crash, an exit, out of
    /// memory, a hang, a limit; never a kill from outside or one that the pool ordered), and only if no other task ran there: a
    /// suspect that shared its worker is tried again alone. Default 2; 1 or more. How often a task is tried at all is
    /// <see cref="Attempts"/>, so a task that is not idempotent is lost at its first death and quarantined only if this is 1.
    /// </summary>
    public int QuarantineAfter { get; init; } = 2;

    /// <summary>When failed attempts are tried again.</summary>
    public RetryOptions Retry { get; init; } = new();

    /// <summary>How long outcomes are kept for whoever submits the same <see cref="TaskOptions.Id"/> again.</summary>
    public KeptOutcomeOptions KeptOutcomes { get; init; } = new();

    /// <summary>
    /// A Polly pipeline around every attempt, the first included. A failed attempt passes through it as
    /// <see cref="AttemptFailedException"/>; the cancellation of its token stops the attempt, and its own token is cancelled when
    /// the task has failed or was cancelled and there is nothing more to try. What it makes of a failure is the outcome, when it has done so;
    /// a result is told at once. Default none: tasks that do not fail then never meet Polly.
    /// </summary>
    public ResiliencePipeline? AttemptPipeline { get; init; }

    /// <summary>
    /// Pipelines by name, for tasks that ask for one with <see cref="TaskOptions.AttemptPipeline"/>; Polly's
    /// <c>ResiliencePipelineRegistry</c> is one, and so is what its dependency injection gives out. Default none.
    /// </summary>
    public ResiliencePipelineProvider<string>? AttemptPipelines { get; init; }

    /// <summary>From the cancellation of a running task to SIGTERM. Default 2 s.</summary>
    public TimeSpan CancelGrace { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>From SIGTERM to SIGKILL of a worker whose task did not heed its cancellation. Default 5 s.</summary>
    public TimeSpan TerminateGrace { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The same as <see cref="CancelGrace"/> when the task's time limit passed. Default 0.5 s.</summary>
    public TimeSpan ExpiredCancelGrace { get; init; } = TimeSpan.FromSeconds(0.5);

    /// <summary>The same as <see cref="TerminateGrace"/> when the task's time limit passed. Default 2 s.</summary>
    public TimeSpan ExpiredTerminateGrace { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// What becomes of a worker with several lanes when a task in one of them did not heed its stop within the grace. Default false:
    /// it takes nothing new, its other tasks finish, then it is killed. True: it gets SIGTERM at once and SIGKILL after
    /// <see cref="TerminateGrace"/> (<see cref="ExpiredTerminateGrace"/>). What runs beside the stubborn task and has not ended by then
    /// is lost with it: tried again if it is idempotent, else <see cref="TaskFailureKind.WorkerLost"/>; it is never to blame. Of no
    /// account with one lane, and without a supervisor that could kill.
    /// </summary>
    public bool KillSharedWorkers { get; init; }

    /// <summary>How long <c>DisposeAsync</c> lets accepted tasks finish before it cancels the rest. Default 30 s.</summary>
    public TimeSpan DrainTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Where the pool logs. Default nowhere.</summary>
    public ILoggerFactory? LoggerFactory { get; init; }

    /// <summary>The clock. Default the system's.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    internal Func<Stream, Stream>? WrapSocket { get; init; }

    /// <summary>What these options are called where the pool's messages are read.</summary>
    internal SettingNames Names { get; init; } = SettingNames.Members;

    /// <inheritdoc cref="Client.TransportOptions.Patience"/>
    internal TimeSpan HostPatience { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>Where the jitter of retries comes from, from 0 to 1; called from any thread. Null: from chance.</summary>
    internal Func<double>? Jitter { get; init; }

    /// <summary>Whatever a task's own options say.</summary>
    internal int AttemptsAtMost { get; init; } = int.MaxValue;

    /// <summary>Adds what is wrong to <paramref name="errors"/>: option, value, what is allowed.</summary>
    protected internal virtual void Validate(ICollection<string> errors)
    {
        if (!IsName(Name))
        {
            errors.Add($"{nameof(Name)} is '{Name}'; allowed are 1 to 64 ASCII letters, digits, '-', '_' and '.'");
        }

        Check(QueueCapacity >= 0, nameof(QueueCapacity), QueueCapacity, "0 or more");
        Check(QueueBytes >= 1, nameof(QueueBytes), QueueBytes, "1 or more");
        Check(MaxMessageBytes is >= 1024 and <= 1 << 30, nameof(MaxMessageBytes), MaxMessageBytes, "from 1024 to 1073741824 (1 GiB)");
        Check(Attempts >= 1, nameof(Attempts), Attempts, "1 or more");
        Check(QuarantineAfter >= 1, nameof(QuarantineAfter), QuarantineAfter, "1 or more");
        Check(Retry is not null, nameof(Retry), "null", "a RetryOptions");
        if (Retry is not null)
        {
            Check(Retry.MinDelay >= TimeSpan.Zero && Retry.MinDelay <= TimeSpan.FromHours(1), "Retry.MinDelay", Retry.MinDelay, "from 0 to 1 hour");
            if (Retry.Budget is { } budget)
            {
                Check(budget.PerTask is >= 0 and <= 100, "Retry.Budget.PerTask", budget.PerTask, "from 0 to 100");
                Check(budget.PerSecond is >= 0 and <= 1e6, "Retry.Budget.PerSecond", budget.PerSecond, "from 0 to 1000000");
                Check(budget.Burst is >= 1 and <= 1e6, "Retry.Budget.Burst", budget.Burst, "from 1 to 1000000");
            }

            Check(Retry.MaxDelay >= Retry.MinDelay && Retry.MaxDelay <= TimeSpan.FromHours(24), "Retry.MaxDelay", Retry.MaxDelay, $"from {Names["Retry.MinDelay"]} to 24 hours");
        }

        Check(KeptOutcomes is not null, nameof(KeptOutcomes), "null", "a KeptOutcomeOptions");
        if (KeptOutcomes is not null)
        {
            CheckSpan(KeptOutcomes.For, "KeptOutcomes.For");
            Check(KeptOutcomes.Bytes >= 0, "KeptOutcomes.Bytes", KeptOutcomes.Bytes, "0 or more");
        }

        CheckSpan(CancelGrace, nameof(CancelGrace));
        CheckSpan(TerminateGrace, nameof(TerminateGrace));
        CheckSpan(ExpiredCancelGrace, nameof(ExpiredCancelGrace));
        CheckSpan(ExpiredTerminateGrace, nameof(ExpiredTerminateGrace));
        CheckSpan(DrainTimeout, nameof(DrainTimeout));
        Check(TimeProvider is not null, nameof(TimeProvider), "null", "a TimeProvider");

        void CheckSpan(TimeSpan span, string name) => Check(span >= TimeSpan.Zero && span <= TimeSpan.FromDays(1), name, span, "from 0 to 1 day");

        void Check(bool good, string name, object value, string allowed)
        {
            if (!good)
            {
                errors.Add(FormattableString.Invariant($"{name} is {value}; allowed is {allowed}"));
            }
        }
    }

    internal static bool IsName(string? name) => name is { Length: > 0 and <= 64 } && name.All(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.');

    /// <exception cref="ArgumentException">Lists everything that is wrong.</exception>
    internal void ThrowIfInvalid()
    {
        var errors = new List<string>();
        Validate(errors);
        if (errors.Count > 0)
        {
            throw new ArgumentException($"the options of the pool cannot be used:{string.Concat(errors.Select(static e => $"\n  {e}"))}");
        }
    }
}
