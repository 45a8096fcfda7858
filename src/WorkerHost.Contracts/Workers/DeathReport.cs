using System.Collections.Immutable;
using System.Globalization;
using System.Text;

namespace WorkerHost;

/// <summary>
/// How one worker process ended: one report, the same object in exceptions, logs and events. Immutable.
/// </summary>
public sealed record DeathReport
{
    /// <summary>Which worker.</summary>
    public required WorkerId Worker { get; init; }

    /// <summary>Its process id; 0 when no process could be started.</summary>
    public int Pid { get; init; }

    /// <summary>The wall clock when its end was observed.</summary>
    public DateTimeOffset Time { get; init; }

    /// <summary>From the spawn to the observed end.</summary>
    public TimeSpan Uptime { get; init; }

    /// <summary>From ready to the observed end; null when it never was ready.</summary>
    public TimeSpan? ReadyFor { get; init; }

    /// <summary>Why it ended.</summary>
    public required DeathCause Cause { get; init; }

    /// <summary>The exit code, or null when it ended by a signal or never started.</summary>
    public int? ExitCode { get; init; }

    /// <summary>The signal's name, for example <c>SIGSEGV</c>, or null when it ended by exit.</summary>
    public string? Signal { get; init; }

    /// <summary>Why the supervisor or the system ended it, in words; null when there is nothing to add.</summary>
    public string? Reason { get; init; }

    /// <summary>Ids of the tasks that were running, as far as its pool reported them.</summary>
    public ImmutableArray<string> RunningTasks { get; init; } = [];

    /// <summary>The last lines it wrote to stderr, control characters removed.</summary>
    public ImmutableArray<string> LastOutput { get; init; } = [];

    /// <summary>
    /// Peak resident memory in bytes: at its end where the system can tell (where it was more than the host's own peak), else
    /// the peak when it was last looked at; null when unknown.
    /// </summary>
    public long? PeakMemoryBytes { get; init; }

    /// <summary>Tasks it finished in its life, as far as its ledger, or without one its pool, says; null when neither does.</summary>
    public long? TasksFinished { get; init; }

    /// <summary>The steps its boot reached, in order; only where the boot failed or was broken off.</summary>
    public ImmutableArray<BootStep> BootSteps { get; init; } = [];

    /// <summary>What the supervisor does next, for example <c>restart in 1.6 s</c>.</summary>
    public string Next { get; init; } = "";

    /// <summary>From the end until its slot starts the next worker, zero: at once; null when it does not by itself.</summary>
    public TimeSpan? NextTryIn { get; init; }

    /// <summary>When its slot starts the next worker, by the wall clock; null when it does not by itself.</summary>
    public DateTimeOffset? NextTryAt => Time + NextTryIn;

    /// <summary>
    /// Whether the death may be charged to the task that was running: a crash of the process's own making, never a
    /// SIGKILL from outside nor a kill that was ordered.
    /// </summary>
    public bool IsOfItsOwnMaking => Cause is DeathCause.Crash or DeathCause.Exit or DeathCause.OutOfMemory or DeathCause.Hang or DeathCause.Limit;

    /// <summary>The exit in words: <c>SIGSEGV</c>, <c>exit code 42</c> or <c>no process</c>.</summary>
    public string Exit => Signal ?? (ExitCode is { } code ? string.Create(CultureInfo.InvariantCulture, $"exit code {code}") : "no process");

    /// <summary>The whole report in one paragraph, for people.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"worker {Worker}");
        if (Pid != 0)
        {
            text.Append(CultureInfo.InvariantCulture, $" (pid {Pid})");
        }

        text.Append(CultureInfo.InvariantCulture, $" ended after {DurationText.Of(Uptime)}: {Cause}, {Exit}");
        if (Reason is not null)
        {
            text.Append(CultureInfo.InvariantCulture, $" ({Reason})");
        }

        if (!BootSteps.IsDefaultOrEmpty)
        {
            text.Append("; steps reached: ").AppendJoin(", ", BootSteps);
        }

        if (!RunningTasks.IsDefaultOrEmpty)
        {
            text.Append(CultureInfo.InvariantCulture, $"; running: {string.Join(", ", RunningTasks)}");
        }

        if (PeakMemoryBytes is { } peak)
        {
            text.Append(CultureInfo.InvariantCulture, $"; peak memory {SizeText.Of(peak)}");
        }

        if (Next.Length > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"; next: {Next}");
        }

        if (!LastOutput.IsDefaultOrEmpty)
        {
            text.Append("; last stderr: ").AppendJoin(" | ", LastOutput);
        }

        return text.ToString();
    }
}
