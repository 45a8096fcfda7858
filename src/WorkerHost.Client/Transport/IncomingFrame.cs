using System.Buffers;
using Google.Protobuf;
using Grpc.Core;

namespace WorkerHost.Client;

/// <summary>One outcome as it stands in a frame.</summary>
internal readonly record struct IncomingOutcome(
    ulong Sequence, AttemptOutcome Attempt, bool Recalled, long ServiceMicroseconds);

/// <summary>What a running task says, as it stands in a frame: an item or a part of one, or how far it is.</summary>
internal record struct IncomingNews(ulong Sequence, bool IsItem, byte[] Data, string ContentType, ulong TotalBytes, bool More, double Fraction, string Message)
{
    /// <summary>Whose listener is told; set by the dispatcher.</summary>
    public TaskEntry? Entry;
}

/// <summary>
/// A <c>workerhost.v1.SessionResponse</c>, read without message objects: a result costs one array, of its own length, so
/// that whoever keeps a small result does not keep the frame. One object serves a whole session: the reader is done
/// with a frame before it asks for the next.
/// </summary>
internal sealed class IncomingFrame(WorkerId worker, int maxMessageBytes, SettingNames? names = null)
{
    private readonly PartialPayloads results = new(maxMessageBytes);

    /// <summary>Outcomes of this frame whose results begin in pieces: these count first, wherever they stand in the frame.</summary>
    private readonly List<(int Index, ulong TotalBytes)> inPieces = [];

    public List<IncomingOutcome> Outcomes { get; } = [];

    public List<IncomingNews> News { get; } = [];

    public V1.EndpointHello? Hello { get; private set; }

    public bool Draining { get; private set; }

    /// <summary>It comes from a host, which speaks of workers of its own.</summary>
    public bool IsOfHost { get; set; }

    /// <exception cref="RpcException">Internal: these bytes are no frame.</exception>
    public IncomingFrame Read(DeserializationContext context)
    {
        Outcomes.Clear();
        News.Clear();
        inPieces.Clear();
        Hello = null;
        Draining = false;
        var payload = context.PayloadAsReadOnlySequence();
        byte[]? rented = null;
        try
        {
            ReadOnlySpan<byte> bytes;
            if (payload.IsSingleSegment)
            {
                bytes = payload.FirstSpan;
            }
            else
            {
                var length = checked((int)payload.Length);
                rented = length <= ProtocolLimits.MaxFrameBytes ? ArrayPool<byte>.Shared.Rent(length) : null;

                // One large result: the pool would round its array up to a power of two and keep it for good.
                var whole = rented ?? GC.AllocateUninitializedArray<byte>(length);
                payload.CopyTo(whole);
                bytes = whole.AsSpan(0, length);
            }

            Parse(bytes);
            return this;
        }
        catch (Exception e) when (e is InvalidProtocolBufferException or InvalidDataException)
        {
            throw new RpcException(new Status(StatusCode.Internal, $"the endpoint sent a frame that cannot be read: {e.Message}", e));
        }
        finally
        {
            if (rented is not null)
            {
                ArrayPool<byte>.Shared.Return(rented);
            }
        }
    }

    private void Parse(ReadOnlySpan<byte> bytes)
    {
        var input = new WireReader(bytes);
        while (input.Next(out var field))
        {
            switch (field)
            {
                case V1.SessionResponse.HelloFieldNumber:
                    Hello = V1.EndpointHello.Parser.ParseFrom(input.Bytes());
                    break;
                case V1.SessionResponse.OutcomesFieldNumber:
                    Outcomes.Add(ParseOutcome(input.Bytes()));
                    break;
                case V1.SessionResponse.ChunksFieldNumber:
                    ParsePiece(input.Bytes());
                    break;
                case V1.SessionResponse.ProgressFieldNumber:
                    News.Add(ParseNews(input.Bytes()));
                    break;
                case V1.SessionResponse.DrainingFieldNumber:
                    Draining = input.Varint() != 0;
                    break;
                default:
                    input.Skip();
                    break;
            }
        }

        foreach (var (index, total) in inPieces)
        {
            Outcomes[index] = Whole(Outcomes[index], total);
        }
    }

    private void ParsePiece(ReadOnlySpan<byte> bytes)
    {
        var input = new WireReader(bytes);
        ulong sequence = 0, offset = 0, total = 0;
        ReadOnlySpan<byte> data = [];
        var abandoned = false;
        while (input.Next(out var field))
        {
            switch (field)
            {
                case V1.PayloadChunk.SequenceFieldNumber:
                    sequence = input.Varint();
                    break;
                case V1.PayloadChunk.OffsetFieldNumber:
                    offset = input.Varint();
                    break;
                case V1.PayloadChunk.DataFieldNumber:
                    data = input.Bytes();
                    break;
                case V1.PayloadChunk.TotalBytesFieldNumber:
                    total = input.Varint();
                    break;
                case V1.PayloadChunk.AbandonedFieldNumber:
                    abandoned = input.Varint() != 0;
                    break;
                default:
                    input.Skip();
                    break;
            }
        }

        if (abandoned)
        {
            results.Abandon(sequence);
        }
        else
        {
            results.Add(sequence, offset, data, total);
        }
    }

    private static IncomingNews ParseNews(ReadOnlySpan<byte> bytes)
    {
        var input = new WireReader(bytes);
        var news = new IncomingNews(0, false, [], WorkerHost.ContentType.Json, 0, false, 0, "");
        while (input.Next(out var field))
        {
            switch (field)
            {
                case V1.TaskProgress.SequenceFieldNumber:
                    news.Sequence = input.Varint();
                    break;
                case V1.TaskProgress.FractionFieldNumber:
                    news.Fraction = input.Double();
                    break;
                case V1.TaskProgress.MessageFieldNumber:
                    news.Message = System.Text.Encoding.UTF8.GetString(input.Bytes());
                    break;
                case V1.TaskProgress.DataFieldNumber:
                    news.Data = input.Bytes().ToArray();
                    break;
                case V1.TaskProgress.ContentTypeFieldNumber:
                    news.ContentType = Known(input.Bytes());
                    break;
                case V1.TaskProgress.IsItemFieldNumber:
                    news.IsItem = input.Varint() != 0;
                    break;
                case V1.TaskProgress.TotalBytesFieldNumber:
                    news.TotalBytes = input.Varint();
                    break;
                case V1.TaskProgress.MoreFieldNumber:
                    news.More = input.Varint() != 0;
                    break;
                default:
                    input.Skip();
                    break;
            }
        }

        return news;
    }

    private IncomingOutcome Whole(in IncomingOutcome outcome, ulong total)
    {
        var attempt = results.Complete(outcome.Sequence, outcome.Attempt.Data.Span, total) is { } whole
            ? AttemptOutcome.Success(whole, outcome.Attempt.ContentType, outcome.Attempt.Answer)
            : AttemptOutcome.Failed(new TaskFailure
            {
                Kind = TaskFailureKind.BadInput,
                RanToCompletion = true,
                Worker = worker,
                Message = $"the result has {total} bytes; {maxMessageBytes} are allowed ({(names ?? SettingNames.Members)["WorkerPoolOptions.MaxMessageBytes"]})",
            });
        return outcome with { Attempt = attempt };
    }

    private IncomingOutcome ParseOutcome(ReadOnlySpan<byte> bytes)
    {
        var input = new WireReader(bytes);
        ulong sequence = 0, service = 0, total = 0;
        byte[] data = [];
        var contentType = WorkerHost.ContentType.Json;
        TaskFailure? failure = null;
        V1.MethodAnswer? answer = null;
        var recalled = false;
        while (input.Next(out var field))
        {
            switch (field)
            {
                case V1.TaskOutcome.SequenceFieldNumber:
                    sequence = input.Varint();
                    break;
                case V1.TaskOutcome.DataFieldNumber:
                    data = input.Bytes().ToArray();
                    break;
                case V1.TaskOutcome.ContentTypeFieldNumber:
                    contentType = Known(input.Bytes());
                    break;
                case V1.TaskOutcome.FailureFieldNumber:
                    failure = WireFailure.Read(V1.TaskFailure.Parser.ParseFrom(input.Bytes()), worker, IsOfHost);
                    break;
                case V1.TaskOutcome.AnswerFieldNumber:
                    answer = V1.MethodAnswer.Parser.ParseFrom(input.Bytes());
                    break;
                case V1.TaskOutcome.RecalledFieldNumber:
                    recalled = input.Varint() != 0;
                    break;
                case V1.TaskOutcome.ServiceUsFieldNumber:
                    service = input.Varint();
                    break;
                case V1.TaskOutcome.TotalBytesFieldNumber:
                    total = input.Varint();
                    break;
                default:
                    input.Skip();
                    break;
            }
        }

        if (total > (ulong)data.Length && failure is null)
        {
            inPieces.Add((Outcomes.Count, total));
        }

        var attempt = failure is null ? AttemptOutcome.Success(data, contentType, answer)
            : AttemptOutcome.Failed(answer is null ? failure : failure with { Answer = answer });
        return new IncomingOutcome(sequence, attempt, recalled, (long)Math.Min(service, long.MaxValue));
    }

    private static string Known(ReadOnlySpan<byte> contentType) =>
        contentType.IsEmpty || contentType.SequenceEqual("application/json"u8) ? WorkerHost.ContentType.Json
        : contentType.SequenceEqual("application/octet-stream"u8) ? WorkerHost.ContentType.Bytes
        : contentType.SequenceEqual("application/x-protobuf"u8) ? WorkerHost.ContentType.Protobuf
        : System.Text.Encoding.UTF8.GetString(contentType);
}
