using System.Text.Json;
using System.Text.Json.Nodes;

namespace WorkerHost.Conformance.Tests;

/// <summary>How a task, a stream, a connection or a close ended.</summary>
internal sealed record Ending(Outcome Outcome)
{
    public JsonNode? Result { get; init; }

    public ReadOnlyMemory<byte>? Bytes { get; init; }

    public JsonArray? Items { get; init; }

    public string Message { get; init; } = "";

    public TaskFailure? Failure { get; init; }

    /// <summary>Runs it to its end.</summary>
    public static async Task<Ending> OfAsync(Func<Task<Ending>> work)
    {
        try
        {
            return await work();
        }
        catch (OperationCanceledException)
        {
            return new Ending(Outcome.Cancelled);
        }
        catch (TaskException e)
        {
            return new Ending(KindOf(e.Kind)) { Message = e.Message, Failure = e.Failure };
        }
    }

    public static JsonNode? NodeOf(JsonElement element) => element.ValueKind is JsonValueKind.Undefined ? null : JsonNode.Parse(element.GetRawText());

    private static Outcome KindOf(TaskFailureKind kind) => kind switch
    {
        TaskFailureKind.TaskFailed => Outcome.TaskFailed,
        TaskFailureKind.UnknownTask => Outcome.UnknownTask,
        TaskFailureKind.BadInput => Outcome.BadInput,
        TaskFailureKind.Cancelled => Outcome.Cancelled,
        TaskFailureKind.DeadlineExceeded => Outcome.DeadlineExceeded,
        TaskFailureKind.Rejected => Outcome.Rejected,
        TaskFailureKind.NoWorkers => Outcome.NoWorkers,
        TaskFailureKind.WorkerLost => Outcome.WorkerLost,
        TaskFailureKind.Quarantined => Outcome.Quarantined,
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "a kind of failure that the suite does not know"),
    };
}
