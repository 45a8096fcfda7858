using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace WorkerHost.Conformance.Tests;

/// <summary>Starts the worker in a process that no supervisor sees, as one would or otherwise. One per case.</summary>
internal sealed record LaunchStep
{
    /// <summary>Without the marker in the environment, without the argument and with an empty stdin.</summary>
    public bool ByHand { get; init; }

    /// <summary>Fields of the launch line over the usual ones; null takes one out.</summary>
    public JsonObject Line { get; init; } = [];

    /// <summary>Wait until it says SERVING.</summary>
    public bool Ready { get; init; } = true;

    /// <summary>A process for this case alone. Without it, and with nothing else said, cases share one.</summary>
    public bool Own { get; init; }

    [JsonIgnore]
    public bool IsShared => !Own && !ByHand && Ready && Line.Count == 0;
}

/// <summary>What <c>grpc.health.v1.Health</c> says: <c>Check</c>, or the first message of <c>Watch</c>.</summary>
internal sealed record HealthStep
{
    public string Service { get; init; } = "";

    /// <summary>SERVING, NOT_SERVING …, or NOT_FOUND as the call's status.</summary>
    public required string Status { get; init; }
}

/// <summary>One call of <c>TaskEndpoint/Run</c>.</summary>
internal sealed record CallStep
{
    public required string Task { get; init; }

    /// <summary>The payload as it is, whether it is JSON or not.</summary>
    public string Data { get; init; } = "[]";

    public string ContentType { get; init; } = "application/json";

    /// <summary>Fields that nobody knows in the request and in its payload.</summary>
    public bool UnknownFields { get; init; }

    /// <summary>The pseudo-header <c>:authority</c>.</summary>
    public string Authority { get; init; } = "localhost";

    /// <summary>Go on at once; a step <c>answered</c> waits for it.</summary>
    public string? As { get; init; }

    /// <summary>The gRPC status; ANY: whatever it is.</summary>
    public string Code { get; init; } = "OK";

    /// <summary>The kind in the TaskFailure of <c>grpc-status-details-bin</c>.</summary>
    public Outcome? Kind { get; init; }

    /// <summary>The result as JSON.</summary>
    public JsonNode? Result { get; init; }

    public IReadOnlyList<string> Says { get; init; } = [];
}

/// <summary>A session: its hello, one task and its outcome.</summary>
internal sealed record SessionStep
{
    public bool UnknownFields { get; init; }

    public uint MinProtocol { get; init; } = 1;

    public uint MaxProtocol { get; init; } = 1;

    public IReadOnlyList<string> RequiredCapabilities { get; init; } = [];

    public string Task { get; init; } = "";

    public string Data { get; init; } = "[]";

    /// <summary>Of the whole call.</summary>
    public string Code { get; init; } = "OK";

    public JsonNode? Result { get; init; }

    public IReadOnlyList<string> Says { get; init; } = [];
}

internal sealed record CloseStdinStep
{
    /// <summary>What is written before the end.</summary>
    public string Last { get; init; } = "";
}

internal sealed record ExitedStep
{
    /// <summary>Null: any but 0.</summary>
    public int? Code { get; init; }

    public int WithinMs { get; init; } = ExpectStep.PatienceMs;

    /// <summary>What stands on stderr.</summary>
    public IReadOnlyList<string> Says { get; init; } = [];
}
