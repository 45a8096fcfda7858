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

    public List<TaskEntry> Tasks { get; } = [];

    public List<ulong> Cancels { get; } = [];

    public List<ulong> Recalls { get; } = [];

    /// <summary>What is left of a task's time limit when the frame is made.</summary>
    public required Func<TaskEntry, ulong> MicrosecondsLeft { get; init; }

    public void Clear()
    {
        Hello = null;
        Tasks.Clear();
        Cancels.Clear();
        Recalls.Clear();
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
        foreach (var entry in Tasks)
        {
            var part = new Part(entry.Data, MicrosecondsLeft(entry), entry.Trace is { HasSpan: true } || entry.Options.Headers is { Count: > 0 } ? Headers(entry) : null);
            part = part with { Size = SizeOf(entry, part) };
            parts.Add(part);
            size += WireWriter.FieldSize(part.Size);
        }

        size += PackedSize(Cancels) is > 0 and var cancels ? WireWriter.FieldSize(cancels) : 0;
        size += PackedSize(Recalls) is > 0 and var recalls ? WireWriter.FieldSize(recalls) : 0;
        return size;
    }

    private void Write(ref WireWriter output)
    {
        if (Hello is { } hello)
        {
            output.Bytes(V1.SessionRequest.HelloFieldNumber, hello.ToByteArray());
        }

        for (var i = 0; i < Tasks.Count; i++)
        {
            output.Length(V1.SessionRequest.TasksFieldNumber, parts[i].Size);
            WriteTask(ref output, Tasks[i], parts[i]);
        }

        Packed(ref output, V1.SessionRequest.CancelFieldNumber, Cancels);
        Packed(ref output, V1.SessionRequest.RecallFieldNumber, Recalls);
    }

    private static int SizeOf(TaskEntry entry, in Part part)
    {
        // Field numbers below 16: one byte for each tag.
        var size = 1 + WireWriter.VarintSize(entry.Sequence) + WireWriter.FieldSize(entry.Service!.Utf8Name.Length);
        size += entry.ContentType == ContentType.Json ? 0 : WireWriter.FieldSize(Encoding.UTF8.GetByteCount(entry.ContentType));
        size += part.Data.IsEmpty ? 0 : WireWriter.FieldSize(part.Data.Length);
        size += entry.Options.Id is { } id ? WireWriter.FieldSize(Encoding.UTF8.GetByteCount(id)) : 0;
        size += 1 + WireWriter.VarintSize(entry.Number);
        size += 1 + WireWriter.VarintSize((ulong)entry.Attempt);
        size += part.TimeLimit == 0 ? 0 : 1 + WireWriter.VarintSize(part.TimeLimit);
        size += entry.Options.Idempotent ? 2 : 0;
        return size + (part.Headers?.Length ?? 0);
    }

    private static void WriteTask(ref WireWriter output, TaskEntry entry, in Part part)
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

        if (entry.Options.Id is { } id)
        {
            output.Bytes(V1.TaskSubmission.IdFieldNumber, Encoding.UTF8.GetBytes(id));
        }

        output.Varint(V1.TaskSubmission.NumberFieldNumber, entry.Number);
        output.Varint(V1.TaskSubmission.AttemptFieldNumber, (ulong)entry.Attempt);
        if (part.TimeLimit != 0)
        {
            output.Varint(V1.TaskSubmission.TimeLimitUsFieldNumber, part.TimeLimit);
        }

        if (entry.Options.Idempotent)
        {
            output.Varint(V1.TaskSubmission.IdempotentFieldNumber, 1);
        }

        output.Raw(part.Headers);
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

    private readonly record struct Part(ReadOnlyMemory<byte> Data, ulong TimeLimit, byte[]? Headers, int Size = 0);
}
