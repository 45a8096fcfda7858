using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace WorkerHost.Conformance.Tests;

/// <summary>One file of cases: a theme. What each member means stands in tests/conformance/README.md.</summary>
internal sealed record CaseFile
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectRequiredConstructorParameters = true,
        NumberHandling = JsonNumberHandling.Strict,
        PropertyNameCaseInsensitive = false,
        AllowDuplicateProperties = false,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.KebabCaseLower, allowIntegerValues: false) },
    };

    /// <summary>How a file is read: whatever it has that is not known is an error.</summary>
    public static JsonSerializerOptions Strict => Json;

    [JsonPropertyName("$schema")]
    public string? Schema { get; init; }

    public required string Theme { get; init; }

    /// <summary>Worker only: under a supervisor that takes a silent worker for dead after 2 s.</summary>
    public bool Impatient { get; init; }

    public required IReadOnlyList<Case> Cases { get; init; }

    /// <exception cref="JsonException">It is not well formed.</exception>
    public static CaseFile Read(string path) =>
        JsonSerializer.Deserialize<CaseFile>(File.ReadAllBytes(path), Json) ?? throw new JsonException($"{path} holds null");
}

internal enum CaseFor
{
    Client,
    Worker,
    Both,
}

internal sealed record Case
{
    public required string Name { get; init; }

    public required CaseFor For { get; init; }

    public IReadOnlyList<string> Needs { get; init; } = [];

    public bool Slow { get; init; }

    public required IReadOnlyList<CaseStep> Steps { get; init; }
}

/// <summary>One step: exactly one of these.</summary>
internal sealed record CaseStep
{
    public SubmitStep? Submit { get; init; }

    public SubmitStep? Stream { get; init; }

    public ManyStep? Many { get; init; }

    public OfStep? Cancel { get; init; }

    [JsonPropertyName("wait-lines")]
    public LinesStep? WaitLines { get; init; }

    public LinesStep? Lines { get; init; }

    public KillStep? Kill { get; init; }

    public GoneStep? Gone { get; init; }

    public ExpectStep? Expect { get; init; }

    public ConnectStep? Connect { get; init; }

    public CloseStep? Close { get; init; }

    public ReplaceStep? Replace { get; init; }

    public LaunchStep? Launch { get; init; }

    public HealthStep? Health { get; init; }

    public HealthStep? Watch { get; init; }

    public CallStep? Call { get; init; }

    /// <summary>Awaits a call that was begun with a name.</summary>
    public OfStep? Answered { get; init; }

    public SessionStep? Session { get; init; }

    [JsonPropertyName("close-stdin")]
    public CloseStdinStep? CloseStdin { get; init; }

    public ExitedStep? Exited { get; init; }

    /// <summary>The one that is there.</summary>
    [JsonIgnore]
    public object What => All is [var what] ? what : throw new JsonException($"a step has {All.Count} verbs, and must have one");

    private List<object> All => typeof(CaseStep).GetProperties()
        .Where(static p => p.Name is not nameof(What))
        .Select(p => p.GetValue(this))
        .OfType<object>()
        .ToList();
}

internal sealed record SubmitStep
{
    public required string As { get; init; }

    public required string Task { get; init; }

    public JsonArray? Arguments { get; init; }

    public JsonNode? Bytes { get; init; }

    public SubmitOptions Options { get; init; } = new();

    public bool Progress { get; init; }

    public string Client { get; init; } = "host";

    /// <summary>Of a stream: leave the loop after so many items.</summary>
    public int? Take { get; init; }
}

internal sealed record SubmitOptions
{
    public string? Id { get; init; }

    public int? TimeLimitMs { get; init; }

    public bool Idempotent { get; init; }

    public int? Attempts { get; init; }

    public int Priority { get; init; }

    public string? AffinityKey { get; init; }

    public Dictionary<string, string>? Headers { get; init; }
}

internal sealed record ManyStep
{
    public required int Count { get; init; }

    public string Client { get; init; } = "host";
}

internal sealed record OfStep
{
    public required string Of { get; init; }
}

internal sealed record LinesStep
{
    public required string Path { get; init; }

    public required int Count { get; init; }
}

internal sealed record KillStep
{
    public required string Path { get; init; }

    public required string Signal { get; init; }
}

internal sealed record GoneStep
{
    public required string Path { get; init; }

    public required int WithinMs { get; init; }
}

internal sealed record ConnectStep
{
    public required string As { get; init; }

    public required string To { get; init; }
}

internal sealed record CloseStep
{
    public required string Client { get; init; }

    public required string As { get; init; }
}

internal sealed record ReplaceStep
{
    public required string As { get; init; }
}
