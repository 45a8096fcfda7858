namespace WorkerHost.Client;

internal enum DispatchActionKind
{
    /// <summary>Take what waits in the endpoint's outbox and write it.</summary>
    Pump,

    /// <summary>The streaming call has a place at the endpoint: open it there.</summary>
    OpenCall,

    /// <summary>Tell the caller its one outcome.</summary>
    Complete,

    /// <summary>Nothing of the task runs anywhere any more.</summary>
    Settle,

    /// <summary>An attempt failed and another is allowed: ask the retry owner, who answers with Resubmit or GiveUp.</summary>
    AttemptFailed,

    /// <summary>Wake the dispatcher with Expired at the entry's deadline.</summary>
    DeadlineTimer,

    /// <summary>Wake the dispatcher with StopOverdue after Delay.</summary>
    StopTimer,

    /// <summary>Wake the dispatcher with SessionOverdue after Delay.</summary>
    SessionTimer,

    /// <summary>Wake the dispatcher with Rested after Delay.</summary>
    RestTimer,

    /// <summary>Wake the dispatcher with Look after Delay.</summary>
    LookTimer,

    /// <summary>The session with a host broke: wake the dispatcher with LimboOverdue after Delay.</summary>
    LimboTimer,

    /// <summary>So many tasks (the sequence) go on over a new session with their host.</summary>
    Attached,

    /// <summary>What a host had is not waited for any more.</summary>
    HostLost,

    /// <summary>SIGTERM, then SIGKILL after Delay, to the endpoint's process.</summary>
    Kill,

    /// <summary>It has had nearly all the tasks it may have: have a replacement ready.</summary>
    PrepareReplacement,

    /// <summary>It has had all the tasks it may have: replace it.</summary>
    Recycle,

    /// <summary>The peer broke the protocol: end the connection and report it.</summary>
    Abort,

    /// <summary>Somebody may be waiting for a place in the queue.</summary>
    QueueFell,

    /// <summary>A task is not tried again because workers died of it.</summary>
    Quarantined,

    /// <summary>An outcome came for a task that was no longer there; it was dropped and is counted.</summary>
    LateOutcome,
}

/// <summary>One thing the dispatcher wants done, outside its gate.</summary>
internal readonly record struct DispatchAction(
    DispatchActionKind Kind,
    TaskEntry? Entry = null,
    EndpointState? Endpoint = null,
    AttemptOutcome Outcome = default,
    TimeSpan Delay = default,
    string? Reason = null,
    ulong Sequence = 0);
