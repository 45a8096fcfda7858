using WorkerHost.Client;

namespace WorkerHost.Simulation.Tests;

/// <summary>What a task does to whoever runs it.</summary>
internal enum Nature
{
    Honest,

    /// <summary>Runs until its process ends, whoever asks it to stop.</summary>
    Stubborn,

    /// <summary>Kills every worker that runs it.</summary>
    Poison,

    /// <summary>Kills only the first.</summary>
    PoisonOnce,

    Throws,

    /// <summary>Throws, and says that another try is worth it.</summary>
    ThrowsRetryable,
}

/// <summary>How a poisonous task ends its worker.</summary>
internal enum Poison
{
    Segfault,
    Exit3,
    Exit0,
    OutOfMemory,

    /// <summary>Every thread of the process stands still: no heartbeat.</summary>
    Freeze,

    /// <summary>Its memory grows over the hard limit.</summary>
    Memory,
}

/// <summary>A task: what really happened to it, and what its caller was told. What contradicts a promise throws.</summary>
internal sealed class SimTask(TaskEntry entry, Nature nature, Poison poison, long service) : ICompletion
{
    public TaskEntry Entry => entry;

    public Nature Nature => nature;

    public Poison Poison => poison;

    /// <summary>How long a handler takes, in ticks.</summary>
    public long Service => service;

    public bool IsPoisonous => nature == Nature.Poison || (nature == Nature.PoisonOnce && Kills == 0);

    // ---- the truth ----

    public int Starts;

    /// <summary>In lanes of processes that have not ended.</summary>
    public int Running;

    /// <summary>The attempt whose handler returned last.</summary>
    public int FinishedAttempt;

    /// <summary>Who was sent it last and has neither answered nor been observed dead.</summary>
    public SimProcess? HeldBy;

    /// <summary>Deaths of a worker's own making that it has caused, and those among them of which the ledger proves that nothing else ran.</summary>
    public int Kills;

    public int ProvenKills;

    /// <summary>It shared a worker that died of its own making: it runs alone from then on.</summary>
    public bool MustRunAlone;

    /// <summary>Its last handler returned, and said that another try is worth it.</summary>
    public bool MayStartAgain;

    // ---- what was told ----

    public int Completions;

    public int Settlements;

    public TaskFailure? Told;

    /// <summary>Nobody supervises any more: what is left of a process that could not be killed is nobody's to observe.</summary>
    public Func<bool> SupervisorIsGone { get; init; } = static () => false;

    public void Complete(in AttemptOutcome outcome)
    {
        Demand(++Completions == 1, "was completed twice");
        Demand(Settlements == 0, "was settled before it was completed");
        if (outcome.IsSuccess)
        {
            var (number, attempt) = SimResult.Read(outcome.Data);
            Demand(number == entry.Number, $"was given the result of task {number}");
            Demand(attempt == entry.Attempt, $"was given the result of attempt {attempt}");
            Demand(FinishedAttempt == attempt, "was given a result that no handler made");
            return;
        }

        var failure = outcome.Failure!;
        Told = failure;
        Demand(failure.Kind != TaskFailureKind.Quarantined || Kills >= 2, $"is quarantined and killed {Kills} workers");
        Demand(!failure.NeverStarted || Starts == 0, $"is told as never started ({failure.Kind}) and was started {Starts} times");
        Demand(failure.Verdict is not (StartVerdict.Running or StartVerdict.Finished) || Starts > 0, $"is told as {failure.Verdict} and was never started");
        Demand(!failure.RanToCompletion || FinishedAttempt == entry.Attempt, "is told as run to completion and was not");
        Demand(failure.Kind != TaskFailureKind.WorkerLost || failure.Verdict != StartVerdict.NeverStarted, "is told as lost and as never started");
    }

    public void Settle()
    {
        Demand(++Settlements == 1, "was settled twice");
        Demand(Completions == 1, "was settled without an outcome");
        Demand(Running == 0 || SupervisorIsGone(), "was settled while it ran");
    }

    public void Demand(bool holds, string what)
    {
        if (!holds)
        {
            throw new Violation($"{entry} {what}");
        }
    }
}

/// <summary>A result says whose it is.</summary>
internal static class SimResult
{
    public static byte[] Write(ulong number, int attempt)
    {
        var data = new byte[12];
        BitConverter.TryWriteBytes(data, number);
        BitConverter.TryWriteBytes(data.AsSpan(8), attempt);
        return data;
    }

    public static (ulong Number, int Attempt) Read(ReadOnlyMemory<byte> data) => (BitConverter.ToUInt64(data.Span), BitConverter.ToInt32(data.Span[8..]));
}
