namespace WorkerHost.Client;

/// <summary>What a dispatcher has counted; touched only inside its gate, and copied out for whoever looks.</summary>
internal struct DispatchCounts
{
    /// <summary>Accepted tasks.</summary>
    public long Submitted;

    /// <summary>Times that a task was handed to an endpoint: attempts, and again what came back unstarted.</summary>
    public long Dispatched;

    /// <summary>Attempts after a failed one.</summary>
    public long Retries;

    /// <summary>By <see cref="TaskFailureKind"/>; at 0 the results.</summary>
    public OutcomeCounts Outcomes;

    public void Ended(in AttemptOutcome outcome) => Outcomes[outcome.Failure is { } failure ? (int)failure.Kind : 0]++;

    /// <summary>One place per kind.</summary>
    [System.Runtime.CompilerServices.InlineArray(Kinds)]
    public struct OutcomeCounts
    {
        public const int Kinds = (int)TaskFailureKind.Quarantined + 1;

        private long first;
    }
}
