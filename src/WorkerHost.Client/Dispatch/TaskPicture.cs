using System.Collections.Immutable;

namespace WorkerHost.Client;

/// <summary>Where one task is at one moment, for people. Immutable.</summary>
internal sealed record TaskPicture
{
    public required string Id { get; init; }

    public required string Task { get; init; }

    public required TaskPhase Phase { get; init; }

    /// <summary>Which try is under way or was last, from 1.</summary>
    public required int Attempt { get; init; }

    public required int MaxAttempts { get; init; }

    /// <summary>The worker that has it; null: none has.</summary>
    public WorkerId? Worker { get; init; }

    /// <summary>It is in a lane, as far as can be told.</summary>
    public bool IsRunning { get; init; }

    /// <summary>When its attempt was written to its worker; null: it was not.</summary>
    public DateTimeOffset? SentAt { get; init; }

    /// <summary>It was told to stop.</summary>
    public StopReason Stop { get; init; }

    /// <summary>It runs alone, because a worker died while it ran.</summary>
    public bool IsSuspect { get; init; }

    /// <summary>Its caller has its outcome.</summary>
    public bool IsCompleted { get; init; }

    /// <summary>Its last failed attempt; null: none has failed.</summary>
    public TaskFailure? LastFailure { get; init; }

    /// <summary>How it ended; null: it has not, or that is not kept.</summary>
    public AttemptOutcome? Outcome { get; init; }
}

/// <summary>What a pool knows of its connection to one worker at one moment, for people. Immutable.</summary>
internal sealed record EndpointPicture
{
    public required WorkerId Worker { get; init; }

    public required int Concurrency { get; init; }

    /// <summary>It gets tasks while it has room.</summary>
    public required bool TakesTasks { get; init; }

    /// <summary>Why it gets none; null: it does.</summary>
    public string? Obstacle { get; init; }

    /// <summary>What it has, in the order in which its lanes take it.</summary>
    public ImmutableArray<TaskPicture> Tasks { get; init; } = [];
}
