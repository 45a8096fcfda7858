using Google.Protobuf;
using WorkerHost.V1;

namespace WorkerHost.Worker;

/// <summary>
/// What tasks say before their end, in the room that outcomes leave: at least half of every frame, and a quarter where large results
/// have theirs. Tasks take turns, so that one that says much does not hold up another.
/// </summary>
internal sealed partial class FrameBuilder
{
    // Sequence, lengths, tags, flags; the names of our content types have at most 24 bytes.
    private const int ProgressOverhead = 64;

    private const int TurnBytes = ProtocolLimits.ChunkBytes;

    private readonly Queue<TaskOutput> speaking = new();

    /// <summary>Ends of tasks that found no room in the frame.</summary>
    private readonly Queue<SessionOutcome> ended = new();
    private readonly Stack<TaskProgress> freeProgress = new();

    /// <summary>It has something to say.</summary>
    public void Follow(TaskOutput output) => speaking.Enqueue(output);

    /// <summary>Just before the frame is sent.</summary>
    public void FillWithItems()
    {
        while (ended.TryPeek(out var outcome) && TryAdd(outcome))
        {
            ended.Dequeue();
        }

        var most = Math.Min(maxFrameBytes, size + (large.Count > 0 ? maxFrameBytes / 4 : maxFrameBytes));
        for (var waiting = speaking.Count; waiting > 0 && size + ProgressOverhead < most; waiting--)
        {
            var output = speaking.Dequeue();
            if (Turn(output, most))
            {
                speaking.Enqueue(output);
            }
        }
    }

    /// <summary>False: it has nothing more to say for now.</summary>
    private bool Turn(TaskOutput output, int most)
    {
        for (var left = TurnBytes; left > 0 && size + ProgressOverhead < most;)
        {
            switch (output.Take(most - size - ProgressOverhead, TurnBytes, out var part))
            {
                case OutputKind.Nothing:
                    return false;
                case OutputKind.NoRoom:
                    return true;
                case OutputKind.End:
                    var outcome = new SessionOutcome(output.Sequence, part.End);
                    if (!TryAdd(outcome))
                    {
                        ended.Enqueue(outcome);
                    }

                    return false;
                case OutputKind.Report:
                    Add(output.Sequence, part, isItem: false);
                    break;
                case OutputKind.Item:
                    Add(output.Sequence, part, isItem: true);
                    break;
                default:
                    throw new InvalidOperationException("a task says nothing else");
            }

            var used = ProgressOverhead + part.Data.Length + 3 * part.Message.Length;
            left -= used;
            size += used;
        }

        return true;
    }

    private void Add(ulong sequence, in OutputPart part, bool isItem)
    {
        var message = freeProgress.TryPop(out var used) ? used : new TaskProgress();
        message.Sequence = sequence;
        message.Fraction = part.Fraction;
        message.Message = part.Message;
        message.Data = part.Data;

        // The default of the wire: not said for each of a million items.
        message.ContentType = ReferenceEquals(part.ContentType, ContentType.Json) ? "" : part.ContentType;
        message.IsItem = isItem;
        message.TotalBytes = (ulong)part.TotalBytes;
        message.More = part.More;
        frame.Progress.Add(message);
    }

    private void ForgetProgress()
    {
        foreach (var message in frame.Progress)
        {
            if (freeProgress.Count < MaxKept)
            {
                message.Data = ByteString.Empty;
                freeProgress.Push(message);
            }
        }

        frame.Progress.Clear();
    }
}
