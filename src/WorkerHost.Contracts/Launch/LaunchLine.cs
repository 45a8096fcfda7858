using System.Text.Json;
using System.Text.Json.Serialization;

namespace WorkerHost;

/// <summary>
/// What a supervisor tells a new worker: one line of JSON on its stdin, which then stays open as the lifeline.
/// Language-neutral; unknown fields are ignored.
/// </summary>
internal sealed record LaunchLine
{
    /// <summary>Lowest and highest protocol version the supervisor speaks.</summary>
    public required uint MinProtocol { get; init; }

    public required uint MaxProtocol { get; init; }

    public required string Pool { get; init; }

    public required int Slot { get; init; }

    public required long Incarnation { get; init; }

    /// <summary>Where to listen: <c>unix:///path</c> or <c>http://127.0.0.1:port</c>.</summary>
    public required string Address { get; init; }

    /// <summary>The bearer token callers must show; only where the address is TCP.</summary>
    public string? Secret { get; init; }

    /// <summary>Path of the ledger file, made by the supervisor; null where there is none.</summary>
    public string? Ledger { get; init; }

    /// <summary>Changes with every start of the supervisor's process.</summary>
    public required string HostInstance { get; init; }

    /// <summary>How many tasks may run at the same time.</summary>
    public required int Concurrency { get; init; }

    /// <summary>How long the worker may take to finish when the lifeline closes or SIGTERM arrives, in milliseconds.</summary>
    public required int DrainMilliseconds { get; init; }

    /// <summary>The largest task or result, in bytes.</summary>
    public required int MaxMessageBytes { get; init; }

    /// <summary>How often to beat, in milliseconds; null: every second.</summary>
    public int? HeartbeatMilliseconds { get; init; }

    public WorkerId Worker => new(Pool, Slot, Incarnation);

    public string ToJson() => JsonSerializer.Serialize(this, LaunchLineJson.Default.LaunchLine);

    /// <exception cref="FormatException">The line is not a launch line; the message says what is missing.</exception>
    public static LaunchLine Parse(string line) => LaunchLineReader.Read(line);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, IgnoreReadOnlyProperties = true, GenerationMode = JsonSourceGenerationMode.Serialization)]
[JsonSerializable(typeof(LaunchLine))]
internal sealed partial class LaunchLineJson : JsonSerializerContext;
