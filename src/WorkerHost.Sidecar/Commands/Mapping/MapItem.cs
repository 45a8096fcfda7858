using WorkerHost.Client;

namespace WorkerHost.Sidecar.Commands.Mapping;

/// <summary>A result as it came.</summary>
internal readonly record struct RawResult(ReadOnlyMemory<byte> Data, string ContentType)
{
    public static IResultReader<RawResult> Reader { get; } = new AsItCame();

    private sealed class AsItCame : IResultReader<RawResult>
    {
        public RawResult Read(ReadOnlyMemory<byte> data, string contentType) => new(data, contentType);
    }
}

/// <summary>One line of the input under way.</summary>
/// <param name="Line">What was read.</param>
/// <param name="Size">What it takes in the window.</param>
/// <param name="Future">Its task; null: it is none, see <paramref name="Refusal"/>.</param>
/// <param name="Refusal">Why it is no task.</param>
internal sealed record MapItem(MapLine Line, long Size, TaskFuture<RawResult>? Future, TaskFailure? Refusal);

/// <summary>How one item ended.</summary>
/// <param name="Line">What was read.</param>
/// <param name="Result">What it came to, where there is no failure.</param>
/// <param name="Failure">Null: none.</param>
/// <param name="TaskId">Its task's id; empty: it was none.</param>
internal readonly record struct MapOutcome(MapLine Line, RawResult Result, TaskFailure? Failure, string TaskId);
