namespace WorkerHost.Client.Tests;

/// <summary>A task, what really happened to it, and what its caller was told.</summary>
internal sealed class SimTask(TaskEntry entry, bool stubborn, bool supervised, bool poisonous) : ICompletion
{
    public TaskEntry Entry => entry;

    /// <summary>Does not heed its cancellation.</summary>
    public bool Stubborn => stubborn;

    /// <summary>Over bare addresses nobody sees a process end: what runs on after a lost session is not known there.</summary>
    public bool Supervised => supervised;

    /// <summary>Whatever worker runs it dies of it.</summary>
    public bool Poisonous => poisonous;

    // ---- the truth ----

    public int Starts;

    /// <summary>In lanes of living processes.</summary>
    public int Running;

    /// <summary>To hosts, not counting those that only go on in another session.</summary>
    public int Submissions;

    public int FinishedAttempt;

    /// <summary>Workers it has killed, and those among them of which the ledger proves that nothing else ran.</summary>
    public int Kills;

    public int ProvenKills;

    /// <summary>Its last handler returned, and said that another try is worth it.</summary>
    public bool MayStartAgain;

    /// <summary>A caller or a strategy wanted it stopped.</summary>
    public bool StopAsked;

    public bool RanAtStop;

    // ---- the queue ----

    public bool Refused;

    /// <summary>When it took its place behind the others, counted in tasks.</summary>
    public int QueuedAs;

    /// <summary>It has been sent, or has another attempt: where it waits again it does so before all others.</summary>
    public bool GoesAhead;

    public int Overtaken;

    public TaskPhase LastPhase;

    // ---- what was told ----

    public int Completions;

    public int Settlements;

    public int ItemsTaken;

    private int attemptOfItems;

    public void Take(SimItem item)
    {
        Demand(Completions == 0, "was given an item after its outcome");
        Demand(item.Number == entry.Number, $"was given an item of task {item.Number}");
        Demand(item.Index == ItemsTaken++, $"was given item {item.Index} as the {ItemsTaken}. one");
        Demand(ItemsTaken == 1 || item.Attempt == attemptOfItems, $"was given items of the attempts {attemptOfItems} and {item.Attempt}");
        attemptOfItems = item.Attempt;
    }

    public void Complete(in AttemptOutcome outcome)
    {
        Demand(++Completions == 1, "was completed twice");
        Demand(Settlements == 0, "was settled before it was completed");
        if (outcome.IsSuccess)
        {
            var (number, attempt) = SimResult.Read(outcome.Data);
            Demand(number == entry.Number, $"was given the result of task {number}");

            // A host that was given up as lost and is there again knows the id, and so answers the next attempt with what the one before came to.
            Demand(
                attempt == entry.Attempt || (attempt < entry.Attempt && entry.Endpoint is { Host: not null }),
                $"was given the result of attempt {attempt}");
            Demand(FinishedAttempt == attempt || !supervised, "was given a result that no handler made");
            Demand(!entry.IsStream || ItemsTaken == SimWorker.ItemsOfStream, $"ended well and {ItemsTaken} of its items came");
            return;
        }

        var failure = outcome.Failure!;
        Demand(failure.Kind != TaskFailureKind.Quarantined || Kills >= 2, $"is quarantined and killed {Kills} workers");
        Demand(!failure.NeverStarted || Starts == 0, $"is told as never started ({failure.Kind}) and was started {Starts} times");
        Demand(failure.Verdict is not (StartVerdict.Running or StartVerdict.Finished) || Starts > 0, $"is told as {failure.Verdict} and was never started");
        Demand(failure.Kind != TaskFailureKind.Cancelled || !RanAtStop || StopAsked, "was running when the pool stopped and is told as cancelled");
        Demand(!failure.RanToCompletion || FinishedAttempt == entry.Attempt, "is told as run to completion and was not");
    }

    public void Settle()
    {
        Demand(++Settlements == 1, "was settled twice");
        Demand(Completions == 1, "was settled without an outcome");
        Demand(Running == 0 || !supervised, "was settled while it ran");
    }

    public void Demand(bool holds, string what)
    {
        if (!holds)
        {
            throw new SimulationViolation($"{entry} {what}");
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
