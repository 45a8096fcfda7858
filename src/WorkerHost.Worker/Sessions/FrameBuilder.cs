using Google.Protobuf;
using WorkerHost.V1;

namespace WorkerHost.Worker;

/// <summary>
/// Makes frames out of outcomes, below the size the client takes. A result that would fill half a frame goes in pieces
/// where the client takes them: in the room that the small ones leave, which is at least half of every frame. The frame
/// and its outcomes are used again for the next one: a write has serialised its message when it returns, so nobody looks
/// at them any more. Used by one writer at a time.
/// </summary>
internal sealed partial class FrameBuilder(int maxFrameBytes, bool inPieces)
{
    // Sequence, service time, content type, lengths and tags; the names of our content types have at most 24 bytes.
    private const int PlainOutcomeOverhead = 64;

    // What a batch of a burst leaves behind is kept for the next one, within reason.
    private const int MaxKept = 4096;

    private readonly SessionResponse frame = new();
    private readonly Stack<TaskOutcome> free = new();
    private readonly Queue<SessionOutcome> large = new();
    private int sentOfLarge;
    private int size;

    /// <summary>There is something to send: in this frame, or pieces that wait for room.</summary>
    public bool HasMore => size > 0 || large.Count > 0 || speaking.Count > 0 || ended.Count > 0;

    /// <summary>Of what takes turns nothing may be left after all.</summary>
    public bool IsEmpty => size == 0;

    public SessionResponse Frame => frame;

    /// <summary>What is kept of the outcomes in the frame, and how many bytes each of them has.</summary>
    public List<(object Kept, int Bytes)> Kept { get; } = [];

    private int RoomForSmall => large.Count > 0 || speaking.Count > 0 ? maxFrameBytes / 2 : maxFrameBytes;

    /// <summary>False: it does not fit beside what is there; send first.</summary>
    public bool TryAdd(in SessionOutcome outcome)
    {
        var needed = SizeOf(outcome);
        if (inPieces && needed > maxFrameBytes / 2)
        {
            large.Enqueue(outcome);
            return true;
        }

        if (size > 0 && size + needed > RoomForSmall)
        {
            return false;
        }

        Add(outcome, outcome.End.Data, totalBytes: 0);
        size += needed;
        return true;
    }

    /// <summary>
    /// Takes back a large result that has not been sent to its end, because nobody wants it any more; the caller adds another outcome in its place.
    /// Null: there is none such.
    /// </summary>
    public SessionOutcome? Withdraw(ulong sequence)
    {
        SessionOutcome? withdrawn = null;
        var count = large.Count;
        for (var i = 0; i < count; i++)
        {
            var outcome = large.Dequeue();
            if (outcome.Sequence != sequence || outcome.End.Failure is not null)
            {
                large.Enqueue(outcome);
                continue;
            }

            withdrawn = outcome;
            if (i == 0 && sentOfLarge > 0)
            {
                // It fits: what is small leaves half of the frame as long as something is large.
                frame.Chunks.Add(new PayloadChunk { Sequence = sequence, Abandoned = true });
                size += PlainOutcomeOverhead;
                sentOfLarge = 0;
            }
        }

        return withdrawn;
    }

    /// <summary>Uses what room is left, just before the frame is sent.</summary>
    public void FillWithPieces()
    {
        while (large.TryPeek(out var outcome))
        {
            var data = outcome.End.Data;
            var left = data.Length - sentOfLarge;
            var room = maxFrameBytes - size - PlainOutcomeOverhead;
            if (left + SizeBeside(outcome) <= room || sentOfLarge == data.Length)
            {
                var last = UnsafeByteOperations.UnsafeWrap(data.Memory[sentOfLarge..]);
                Add(outcome, last, sentOfLarge == 0 ? 0 : (ulong)data.Length);
                size += SizeOf(outcome) - sentOfLarge;
                sentOfLarge = 0;
                large.Dequeue();
                continue;
            }

            var length = ProtocolLimits.ChunkOf(left, room);
            if (length == 0)
            {
                return;
            }

            frame.Chunks.Add(new PayloadChunk
            {
                Sequence = outcome.Sequence,
                Offset = (ulong)sentOfLarge,
                Data = UnsafeByteOperations.UnsafeWrap(data.Memory.Slice(sentOfLarge, length)),
                TotalBytes = (ulong)data.Length,
            });
            sentOfLarge += length;
            size += length + PlainOutcomeOverhead;
        }
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

    public void Reset()
    {
        foreach (var outcome in frame.Outcomes)
        {
            if (free.Count < MaxKept)
            {
                // Not to keep the results themselves alive.
                outcome.Data = ByteString.Empty;
                outcome.Failure = null;
                outcome.Answer = null;
                free.Push(outcome);
            }
        }

        ForgetProgress();
        frame.Outcomes.Clear();
        Kept.Clear();
        frame.Chunks.Clear();
        frame.Started.Clear();
        frame.Draining = false;
        size = 0;
    }

    private void Add(in SessionOutcome outcome, ByteString data, ulong totalBytes)
    {
        var message = free.TryPop(out var used) ? used : new TaskOutcome();
        message.Sequence = outcome.Sequence;
        message.Data = data;
        message.ContentType = outcome.End.ContentType;
        message.Failure = outcome.End.Failure;
        message.Answer = outcome.End.Answer;
        message.Recalled = outcome.End.Recalled;
        message.ServiceUs = outcome.End.ServiceMicroseconds;
        message.TotalBytes = totalBytes;
        frame.Outcomes.Add(message);
        if (outcome.Kept is { } kept)
        {
            Kept.Add((kept, outcome.End.Data.Length));
        }
    }

    private static int SizeOf(in SessionOutcome outcome) =>
        PlainOutcomeOverhead + outcome.End.Data.Length + SizeBeside(outcome);

    private static int SizeBeside(in SessionOutcome outcome) => (outcome.End.Failure?.CalculateSize() ?? 0) + (outcome.End.Answer?.CalculateSize() ?? 0);
}
