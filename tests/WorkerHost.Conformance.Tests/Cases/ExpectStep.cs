using System.Text.Json.Nodes;

namespace WorkerHost.Conformance.Tests;

/// <summary>What must have come of something.</summary>
internal sealed record ExpectStep
{
    public const int PatienceMs = 30_000;

    public required string Of { get; init; }

    public Outcome Outcome { get; init; } = Outcome.Succeeded;

    public JsonNode? Result { get; init; }

    /// <summary>The result is null: JSON has no other way to say so here.</summary>
    public bool ResultIsNull { get; init; }

    public JsonNode? Bytes { get; init; }

    public JsonArray? Items { get; init; }

    public Dictionary<string, string> Keep { get; init; } = [];

    public IReadOnlyList<string> Says { get; init; } = [];

    public ExpectedError? Error { get; init; }

    public int? Deaths { get; init; }

    public ExpectedDeath? Death { get; init; }

    public ExpectedProgress? Progress { get; init; }

    public int WithinMs { get; init; } = PatienceMs;
}

internal enum Outcome
{
    Succeeded,
    Cancelled,
    TaskFailed,
    UnknownTask,
    BadInput,
    DeadlineExceeded,
    Rejected,
    NoWorkers,
    WorkerLost,
    Quarantined,
    Left,
    Connected,
    HostUnavailable,
    VersionMismatch,
    Refused,
    Closed,
    Replaced,
}

internal sealed record ExpectedError
{
    public string? Message { get; init; }

    public string? MessageStarts { get; init; }

    public string? Cause { get; init; }

    public string? TypeHas { get; init; }
}

internal sealed record ExpectedDeath
{
    public string? Signal { get; init; }

    public int? ExitCode { get; init; }
}

internal sealed record ExpectedProgress
{
    /// <summary>Fraction and message.</summary>
    public required JsonArray Last { get; init; }
}
