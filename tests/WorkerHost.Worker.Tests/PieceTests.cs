using Google.Protobuf;
using Grpc.Core;
using WorkerHost.V1;
using static WorkerHost.Worker.Tests.SessionUnderTest;
using Kind = WorkerHost.V1.TaskFailureKind;

namespace WorkerHost.Worker.Tests;

/// <summary>Payloads that come and go in pieces.</summary>
[Trait("Scenario", "60")]
public sealed class PieceTests(SharedWorker shared) : IClassFixture<SharedWorker>
{
    private const int Large = 1_000_003;

    private WorkerUnderTest Worker => shared.Worker;

    [Fact]
    public async Task A_task_whose_payload_came_in_pieces_runs_when_it_is_whole_and_others_meanwhile()
    {
        using var session = await Worker.OpenSessionAsync();
        var bytes = Bytes(Large);

        await session.SendAsync(new SessionRequest { Chunks = { Piece(7, bytes, 0, 600_000) } });
        await session.SubmitAsync(Task(1, "add", "[1, 2]"));
        Assert.Equal("3", (await session.OutcomeAsync(1)).Data.ToStringUtf8());
        await session.SendAsync(new SessionRequest { Chunks = { Piece(7, bytes, 600_000, 400_000) }, Tasks = { Last(2, 7, bytes, 1_000_000) } });

        Assert.Equal(bytes, (await session.OutcomeAsync(2)).Data.ToByteArray());
    }

    [Fact]
    public async Task A_large_result_goes_in_pieces_to_a_client_that_takes_them_and_small_ones_pass_it()
    {
        using var session = await Worker.OpenSessionAsync(static hello => (hello.TakesChunks, hello.MaxFrameBytes) = (true, 16 * 1024));
        var bytes = Bytes(Large);
        await session.SubmitAsync(Echo(1, ByteString.CopyFrom(bytes)), Task(2, "add", "[1, 2]"), Task(3, "add", "[1, 2]"));

        // Nothing is read meanwhile, so that most of the large result is still to go; the lane has answered the second when it takes the third.
        await Eventually.IsTrue(() => Worker.Evidence().Judge(session.Key, 3) is StartVerdict.Running or StartVerdict.Finished);
        var last = await session.OutcomeAsync(1);

        Assert.All(session.Frames, static frame => Assert.InRange(frame.CalculateSize(), 1, 16 * 1024));
        var pieces = session.Frames.SelectMany(static frame => frame.Chunks).ToList();
        Assert.All(pieces, static piece => Assert.Equal((1UL, (ulong)Large), (piece.Sequence, piece.TotalBytes)));
        Assert.Equal((ulong)Large, last.TotalBytes);
        Assert.Equal(bytes, pieces.SelectMany(static piece => piece.Data).Concat(last.Data).ToArray());
        Assert.Equal("3", (await session.OutcomeAsync(2)).Data.ToStringUtf8());
        var answered = session.Frames.FindIndex(static frame => frame.Outcomes.Any(static o => o.Sequence == 2));
        Assert.True(answered < session.Frames.Count - 1, "the small result waited for the large one");
    }

    [Fact]
    public async Task A_client_that_does_not_ask_for_pieces_gets_a_large_result_whole()
    {
        using var session = await Worker.OpenSessionAsync();
        await session.SubmitAsync(Echo(1, ByteString.CopyFrom(Bytes(Large))));

        var outcome = await session.OutcomeAsync(1);

        Assert.Equal((Large, 0UL), (outcome.Data.Length, outcome.TotalBytes));
    }

    [Fact]
    public async Task A_payload_over_the_limit_costs_its_task_and_nothing_else()
    {
        using var session = await Worker.OpenSessionAsync();
        const ulong total = (64UL * 1024 * 1024) + 1;
        var sent = 0UL;
        var piece = new PayloadChunk { Sequence = 1, Data = ByteString.CopyFrom(new byte[4 * 1024 * 1024]), TotalBytes = total };
        for (; sent + (ulong)piece.Data.Length < total; sent += (ulong)piece.Data.Length)
        {
            piece.Offset = sent;
            await session.SendAsync(new SessionRequest { Chunks = { piece } });
        }

        var task = Echo(1, ByteString.CopyFrom(new byte[total - sent]));
        (task.Upload, task.TotalBytes) = (1, total);
        await session.SubmitAsync(task, Task(2, "add", "[1, 2]"));

        var failure = (await session.OutcomeAsync(1)).Failure;
        Assert.Equal(V1.TaskFailureKind.BadInput, failure.Kind);
        Assert.Contains($"{total} bytes, more than the limit of {64 * 1024 * 1024} bytes (MaxMessageBytes", failure.Message, StringComparison.Ordinal);
        Assert.Equal("3", (await session.OutcomeAsync(2)).Data.ToStringUtf8());
    }

    [Fact]
    public async Task Pieces_that_are_abandoned_are_forgotten()
    {
        using var session = await Worker.OpenSessionAsync();
        for (var upload = 1UL; upload <= 2 * ProtocolLimits.MaxPartialPayloads; upload++)
        {
            await session.SendAsync(new SessionRequest
            {
                Chunks = { Piece(upload, Bytes(100), 0, 50), new PayloadChunk { Sequence = upload, Abandoned = true } },
            });
        }

        await session.SubmitAsync(Task(1, "add", "[1, 2]"));

        Assert.Equal("3", (await session.OutcomeAsync(1)).Data.ToStringUtf8());
    }

    [Fact]
    [Trait("Scenario", "37")]
    public async Task A_result_that_is_cancelled_while_it_travels_goes_no_further()
    {
        const int size = 48 * 1024 * 1024;
        using var session = await Worker.OpenSessionAsync(static hello => hello.TakesChunks = true);
        await session.SubmitAsync(Task(1, "fill", $"[{size}]"));
        while (session.Frames.Sum(static f => f.Chunks.Count) == 0)
        {
            Assert.NotNull(await session.FrameAsync());
        }

        await session.CancelAsync(1);
        await session.SubmitAsync(Task(2, "add", "[1, 2]"));
        var outcome = await session.OutcomeAsync(1);

        Assert.Equal((Kind.Cancelled, true), (outcome.Failure?.Kind ?? default, outcome.Failure?.RanToCompletion ?? false));
        Assert.Contains($"its result of {size} bytes", outcome.Failure!.Message, StringComparison.Ordinal);
        Assert.Equal("3", (await session.OutcomeAsync(2)).Data.ToStringUtf8());
        var pieces = session.Frames.SelectMany(static f => f.Chunks).ToList();
        Assert.True(pieces[^1].Abandoned);
        Assert.InRange(pieces.Sum(static p => (long)p.Data.Length), 1, size / 2);
    }

    [Theory]
    [Trait("Scenario", "59")]
    [InlineData("gap", "expected was one at 50 of 100")]
    [InlineData("other total", "expected was one at 50 of 100")]
    [InlineData("beyond the end", "expected was one at 50 of 100")]
    [InlineData("too many", "more than 16 payloads")]
    [InlineData("short", "ends after 60 of 100 bytes")]
    [InlineData("nothing before", "nothing of payload 9 came before")]
    public async Task Pieces_that_do_not_fit_end_the_session_with_the_reason(string what, string reason)
    {
        using var session = await Worker.OpenSessionAsync();
        var bytes = Bytes(100);
        SessionRequest frame = new() { Chunks = { Piece(1, bytes, 0, 50) } };
        switch (what)
        {
            case "gap":
                frame.Chunks.Add(Piece(1, bytes, 60, 10));
                break;
            case "other total":
                frame.Chunks.Add(new PayloadChunk { Sequence = 1, Offset = 50, TotalBytes = 101 });
                break;
            case "beyond the end":
                frame.Chunks.Add(new PayloadChunk { Sequence = 1, Offset = 50, TotalBytes = 100, Data = ByteString.CopyFrom(new byte[51]) });
                break;
            case "too many":
                frame.Chunks.AddRange(Enumerable.Range(2, ProtocolLimits.MaxPartialPayloads).Select(n => Piece((ulong)n, bytes, 0, 50)));
                break;
            case "short":
                frame.Tasks.Add(Last(1, 1, bytes, 90));
                break;
            case "nothing before":
                frame.Tasks.Add(Last(1, 9, bytes, 90));
                break;
            default:
                throw new ArgumentException("no such case", nameof(what));
        }

        await session.SendAsync(frame);

        var error = await Assert.ThrowsAsync<RpcException>(session.ToTheEndAsync);
        Assert.Equal(StatusCode.InvalidArgument, error.StatusCode);
        Assert.Contains(reason, error.Status.Detail, StringComparison.Ordinal);
    }

    private static byte[] Bytes(int length)
    {
        var bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        return bytes;
    }

    private static PayloadChunk Piece(ulong payload, byte[] bytes, int offset, int length) => new()
    {
        Sequence = payload,
        Offset = (ulong)offset,
        Data = ByteString.CopyFrom(bytes, offset, length),
        TotalBytes = (ulong)bytes.Length,
    };

    private static TaskSubmission Last(ulong sequence, ulong upload, byte[] bytes, int offset)
    {
        var task = Echo(sequence, ByteString.CopyFrom(bytes, offset, bytes.Length - offset));
        (task.Upload, task.TotalBytes) = (upload, (ulong)bytes.Length);
        return task;
    }
}
