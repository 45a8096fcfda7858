using Google.Protobuf;
using WorkerHost.V1;

namespace WorkerHost.Worker;

/// <summary>
/// Makes frames out of outcomes, below the size the client takes. The frame and its outcomes are used again for the next
/// one: a write has serialised its message when it returns, so nobody looks at them any more. Used by one writer at a time.
/// </summary>
internal sealed class FrameBuilder(int maxFrameBytes)
{
    // Sequence, service time, content type, lengths and tags; the names of our content types have at most 24 bytes.
    private const int PlainOutcomeOverhead = 64;

    // What a batch of a burst leaves behind is kept for the next one, within reason.
    private const int MaxKept = 4096;

    private readonly SessionResponse frame = new();
    private readonly Stack<TaskOutcome> free = new();
    private int size;

    public bool IsEmpty => size == 0;

    /// <summary>False: it does not fit beside what is there; send first.</summary>
    public bool TryAdd(in SessionOutcome outcome)
    {
        var needed = SizeOf(outcome);
        if (size > 0 && size + needed > maxFrameBytes)
        {
            return false;
        }

        var message = free.TryPop(out var used) ? used : new TaskOutcome();
        message.Sequence = outcome.Sequence;
        message.Data = outcome.End.Data;
        message.ContentType = outcome.End.ContentType;
        message.Failure = outcome.End.Failure;
        message.Recalled = outcome.End.Recalled;
        message.ServiceUs = outcome.End.ServiceMicroseconds;
        frame.Outcomes.Add(message);
        size += needed;
        return true;
    }

    public void AddStarted(ulong sequence)
    {
        frame.Started.Add(sequence);
        size += 10;
    }

    public void AddDraining()
    {
        frame.Draining = true;
        size += 2;
    }

    public SessionResponse Frame => frame;

    public void Reset()
    {
        foreach (var outcome in frame.Outcomes)
        {
            if (free.Count < MaxKept)
            {
                // Not to keep the results themselves alive.
                outcome.Data = ByteString.Empty;
                outcome.Failure = null;
                free.Push(outcome);
            }
        }

        frame.Outcomes.Clear();
        frame.Started.Clear();
        frame.Draining = false;
        size = 0;
    }

    private static int SizeOf(in SessionOutcome outcome) =>
        PlainOutcomeOverhead + outcome.End.Data.Length + (outcome.End.Failure?.CalculateSize() ?? 0);
}
