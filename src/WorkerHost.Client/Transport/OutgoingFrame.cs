using System.Text;
using Google.Protobuf;
using Grpc.Core;

namespace WorkerHost.Client;

/// <summary>
/// A <c>workerhost.v1.SessionRequest</c> written straight from the tasks into gRPC's buffer: no message objects, no copy
/// of a payload besides the one into the buffer. The bytes are those the generated code would write (a test compares
/// them), only cheaper: this is the hot path of every task.
/// </summary>
internal sealed class OutgoingFrame
{
    private readonly List<Part> parts = [];

    public V1.ClientHello? Hello { get; set; }

    public FrameContent Content { get; } = new();

    /// <summary>It goes to a host, whose pool wants to know what the caller said of attempts.</summary>
    public bool IsForHost { get; set; }

    /// <summary>What is left of a task's time limit when the frame is made.</summary>
    public required Func<TaskEntry, ulong> MicrosecondsLeft { get; init; }

    public void Clear()
    {
        Hello = null;
        Content.Clear();
        parts.Clear();
    }

    public static void Serialize(OutgoingFrame frame, SerializationContext context)
    {
        var size = frame.Measure();
        context.SetPayloadLength(size);
        var output = new WireWriter(context.GetBufferWriter());
        frame.Write(ref output);
        output.Flush();
        context.Complete();
    }

    private int Measure()
    {
        parts.Clear();
        var size = Hello is { } hello ? WireWriter.FieldSize(hello.CalculateSize()) : 0;
        foreach (var entry in Content.Tasks)
        {
            var part = new Part(entry.Data, MicrosecondsLeft(entry), entry.Trace is { HasSpan: true } || entry.Options.Headers is { Count: > 0 } ? Headers(entry) : null);
            if (entry == Content.Uploaded && Content.LastPiece is { Offset: > 0 } last)
            {
                part = part with { Data = last.Data, TotalBytes = (ulong)last.TotalBytes, Upload = last.Upload };
            }

            part = part with { Size = SizeOf(entry, part) + (IsForHost ? SizeForHost(entry) : 0) };
            parts.Add(part);
            size += WireWriter.FieldSize(part.Size);
        }

        size += PackedSize(Content.Cancels) is > 0 and var cancels ? WireWriter.FieldSize(cancels) : 0;
        size += PackedSize(Content.Recalls) is > 0 and var recalls ? WireWriter.FieldSize(recalls) : 0;
        size += PackedSize(Content.CallCancels) is > 0 and var calls ? WireWriter.FieldSize(calls) : 0;
        foreach (var piece in Content.Pieces)
        {
            size += WireWriter.FieldSize(SizeOf(piece));
        }

        foreach (var grant in Content.Grants)
        {
            size += WireWriter.FieldSize(SizeOf(grant));
        }

        return size + (Content.OutcomesSeen == 0 ? 0 : 1 + WireWriter.VarintSize(Content.OutcomesSeen));
    }

    private void Write(ref WireWriter output)
    {
        if (Hello is { } hello)
        {
            output.Bytes(V1.SessionRequest.HelloFieldNumber, hello.ToByteArray());
        }

        for (var i = 0; i < Content.Tasks.Count; i++)
        {
            output.Length(V1.SessionRequest.TasksFieldNumber, parts[i].Size);
            WriteTask(ref output, Content.Tasks[i], parts[i], IsForHost);
        }

        Packed(ref output, V1.SessionRequest.CancelFieldNumber, Content.Cancels);
        Packed(ref output, V1.SessionRequest.RecallFieldNumber, Content.Recalls);
        foreach (var piece in Content.Pieces)
        {
            output.Length(V1.SessionRequest.ChunksFieldNumber, SizeOf(piece));
            WritePiece(ref output, piece);
        }

        foreach (var grant in Content.Grants)
        {
            output.Length(V1.SessionRequest.StreamCreditFieldNumber, SizeOf(grant));
            output.Varint(V1.StreamCredit.SequenceFieldNumber, grant.Sequence);
            output.Varint(V1.StreamCredit.ItemsFieldNumber, (ulong)grant.Items);
            output.Varint(V1.StreamCredit.BytesFieldNumber, (ulong)grant.Bytes);
        }

        Packed(ref output, V1.SessionRequest.CancelCallsFieldNumber, Content.CallCancels);
        if (Content.OutcomesSeen != 0)
        {
            output.Varint(V1.SessionRequest.OutcomesSeenFieldNumber, Content.OutcomesSeen);
        }
    }

    private static int SizeForHost(TaskEntry entry) => 1 + WireWriter.VarintSize((ulong)entry.MaxAttempts) + (entry.Carried ? WireWriter.LateVarintSize(1) : 0);

    private static int SizeOf(in StreamGrant grant) =>
        3 + WireWriter.VarintSize(grant.Sequence) + WireWriter.VarintSize((ulong)grant.Items) + WireWriter.VarintSize((ulong)grant.Bytes);

    private static int SizeOf(TaskFeed feed)
    {
        var size = feed.Items is { } items
            ? WireWriter.LateVarintSize((ulong)items.MaxItems) + WireWriter.LateVarintSize(ItemBuffer.MaxBytes)
            : 0;
        return size + (feed.Progress is null ? 0 : WireWriter.LateVarintSize(1));
    }

    private static void WriteFeed(ref WireWriter output, TaskFeed feed)
    {
        if (feed.Items is { } items)
        {
            output.LateVarint(V1.TaskSubmission.StreamItemsFieldNumber, (ulong)items.MaxItems);
            output.LateVarint(V1.TaskSubmission.StreamBytesFieldNumber, ItemBuffer.MaxBytes);
        }

        if (feed.Progress is not null)
        {
            output.LateVarint(V1.TaskSubmission.ReportsProgressFieldNumber, 1);
        }
    }

    private static int SizeOf(TaskEntry entry, in Part part)
    {
        // Field numbers below 16: one byte for each tag.
        var size = 1 + WireWriter.VarintSize(entry.Sequence) + WireWriter.FieldSize(entry.Service!.Utf8Name.Length);
        size += entry.ContentType == ContentType.Json ? 0 : WireWriter.FieldSize(Encoding.UTF8.GetByteCount(entry.ContentType));
        size += part.Data.IsEmpty ? 0 : WireWriter.FieldSize(part.Data.Length);
        size += entry.OwnId is { } id ? WireWriter.FieldSize(Encoding.UTF8.GetByteCount(id)) : 0;
        size += 1 + WireWriter.VarintSize(entry.Number);
        size += 1 + WireWriter.VarintSize((ulong)entry.Attempt);
        size += part.TimeLimit == 0 ? 0 : 1 + WireWriter.VarintSize(part.TimeLimit);
        size += entry.Options.Priority == TaskPriority.Normal ? 0 : 2;
        size += entry.Options.Idempotent ? 2 : 0;
        size += entry.Options.AffinityKey is { } key ? WireWriter.FieldSize(Encoding.UTF8.GetByteCount(key)) : 0;
        size += part.TotalBytes == 0 ? 0 : 1 + WireWriter.VarintSize(part.TotalBytes) + 1 + WireWriter.VarintSize(part.Upload);
        size += entry.Feed is { } feed ? SizeOf(feed) : 0;
        return size + (part.Headers?.Length ?? 0);
    }

    private static int SizeOf(in PayloadPiece piece)
    {
        var size = 1 + WireWriter.VarintSize(piece.Upload);
        size += piece.Offset == 0 ? 0 : 1 + WireWriter.VarintSize((ulong)piece.Offset);
        return size + (piece.IsAbandoned ? 2 : WireWriter.FieldSize(piece.Data.Length) + 1 + WireWriter.VarintSize((ulong)piece.TotalBytes));
    }

    private static void WriteTask(ref WireWriter output, TaskEntry entry, in Part part, bool isForHost)
    {
        output.Varint(V1.TaskSubmission.SequenceFieldNumber, entry.Sequence);
        output.Bytes(V1.TaskSubmission.TaskFieldNumber, entry.Service!.Utf8Name);
        if (entry.ContentType != ContentType.Json)
        {
            output.Bytes(V1.TaskSubmission.ContentTypeFieldNumber, Encoding.UTF8.GetBytes(entry.ContentType));
        }

        if (!part.Data.IsEmpty)
        {
            output.Bytes(V1.TaskSubmission.DataFieldNumber, part.Data.Span);
        }

        if (entry.OwnId is { } id)
        {
            output.Bytes(V1.TaskSubmission.IdFieldNumber, Encoding.UTF8.GetBytes(id));
        }

        output.Varint(V1.TaskSubmission.NumberFieldNumber, entry.Number);
        output.Varint(V1.TaskSubmission.AttemptFieldNumber, (ulong)entry.Attempt);
        if (part.TimeLimit != 0)
        {
            output.Varint(V1.TaskSubmission.TimeLimitUsFieldNumber, part.TimeLimit);
        }

        if (entry.Options.Priority is not TaskPriority.Normal and var priority)
        {
            output.Varint(V1.TaskSubmission.PriorityFieldNumber, WireWriter.ZigZag((int)priority));
        }

        if (entry.Options.Idempotent)
        {
            output.Varint(V1.TaskSubmission.IdempotentFieldNumber, 1);
        }

        if (isForHost)
        {
            output.Varint(V1.TaskSubmission.MaxAttemptsFieldNumber, (ulong)entry.MaxAttempts);
        }

        if (entry.Options.AffinityKey is { } key)
        {
            output.Bytes(V1.TaskSubmission.AffinityKeyFieldNumber, Encoding.UTF8.GetBytes(key));
        }

        output.Raw(part.Headers);
        if (part.TotalBytes != 0)
        {
            output.Varint(V1.TaskSubmission.TotalBytesFieldNumber, part.TotalBytes);
            output.Varint(V1.TaskSubmission.UploadFieldNumber, part.Upload);
        }

        if (entry.Feed is { } feed)
        {
            WriteFeed(ref output, feed);
        }

        if (isForHost && entry.Carried)
        {
            output.LateVarint(V1.TaskSubmission.AttachFieldNumber, 1);
        }
    }

    private static void WritePiece(ref WireWriter output, in PayloadPiece piece)
    {
        output.Varint(V1.PayloadChunk.SequenceFieldNumber, piece.Upload);
        if (piece.Offset != 0)
        {
            output.Varint(V1.PayloadChunk.OffsetFieldNumber, (ulong)piece.Offset);
        }

        if (piece.IsAbandoned)
        {
            output.Varint(V1.PayloadChunk.AbandonedFieldNumber, 1);
            return;
        }

        output.Bytes(V1.PayloadChunk.DataFieldNumber, piece.Data.Span);
        output.Varint(V1.PayloadChunk.TotalBytesFieldNumber, (ulong)piece.TotalBytes);
    }

    /// <summary>Rare and of any shape: the generated code writes them.</summary>
    private static byte[] Headers(TaskEntry entry)
    {
        var message = new V1.TaskSubmission();
        entry.CopyHeaders(message.Headers);
        return message.ToByteArray();
    }

    private static int PackedSize(List<ulong> values)
    {
        var size = 0;
        foreach (var value in values)
        {
            size += WireWriter.VarintSize(value);
        }

        return size;
    }

    private static void Packed(ref WireWriter output, int field, List<ulong> values)
    {
        if (values.Count == 0)
        {
            return;
        }

        output.Length(field, PackedSize(values));
        foreach (var value in values)
        {
            output.Raw(value);
        }
    }

    private readonly record struct Part(ReadOnlyMemory<byte> Data, ulong TimeLimit, byte[]? Headers, int Size = 0, ulong TotalBytes = 0, ulong Upload = 0);
}
