using CsCheck;
using Google.Protobuf;
using Grpc.Core;

namespace WorkerHost.Client.Tests;

/// <summary>Frames are written and read by hand: here against the generated code, byte for byte.</summary>
public sealed class FrameBytesTests
{
    private static readonly Gen<string> Text = Gen.OneOf(Gen.String[Gen.Char.AlphaNumeric, 1, 40], OneOf("ü", "/images.v1.Thumbnailer/Make", "名前", "😀"));

    private static readonly Gen<ulong> Number = Gen.OneOf(Gen.ULong[1, 200], Gen.ULong[1, ulong.MaxValue - 1], OneOf(127UL, 128UL, 16383UL, 16384UL, ulong.MaxValue));

    private static Gen<T> OneOf<T>(params T[] values) => Gen.Int[0, values.Length - 1].Select(i => values[i]);

    [Fact]
    public void A_frame_of_tasks_has_the_bytes_the_generated_code_would_write()
    {
        var task = Gen.Select(Text, Gen.Select(Gen.Bool, Text), Number, Gen.Byte.Array[0, 700], Gen.Select(Gen.Bool, Gen.Bool, Gen.Bool, Gen.Int[1, 300], Gen.Select(Gen.Int[-2, 2], Gen.Bool)), Gen.ULong[0, 1UL << 40]);
        Gen.Select(task.Array[0, 6], Number.List[0, 5], Number.List[0, 5], Gen.Int[1, 400]).Sample(
            (tasks, cancels, recalls, pieces) =>
            {
                var frame = new OutgoingFrame { MicrosecondsLeft = static e => (ulong)e.Deadline };
                var expected = new V1.SessionRequest();
                foreach (var (name, (hasId, id), number, data, (idempotent, json, headers, attempt, (priority, hasKey)), limit) in tasks)
                {
                    var options = new TaskOptions { Id = hasId ? id : null, Idempotent = idempotent, Priority = (TaskPriority)priority, AffinityKey = hasKey ? name : null, Headers = headers ? new Dictionary<string, string> { [name] = id } : null };
                    var entry = new TaskEntry(number, name, options, data, json ? ContentType.Json : ContentType.Bytes, 1)
                    {
                        Sequence = number,
                        Attempt = attempt,
                        Deadline = (long)limit,
                        Service = new ServiceTime(name),
                    };
                    frame.Content.Tasks.Add(entry);
                    var submission = new V1.TaskSubmission
                    {
                        Sequence = number,
                        Task = name,
                        ContentType = json ? "" : ContentType.Bytes,
                        Data = ByteString.CopyFrom(data),
                        Id = hasId ? id : "",
                        Number = number,
                        Attempt = (uint)attempt,
                        TimeLimitUs = limit,
                        Priority = priority,
                        Idempotent = idempotent,
                        AffinityKey = hasKey ? name : "",
                    };
                    if (headers)
                    {
                        submission.Headers[name] = id;
                    }

                    expected.Tasks.Add(submission);
                    Assert.InRange(submission.CalculateSize(), 1, entry.WireBytes);
                }

                frame.Content.Cancels.AddRange(cancels);
                frame.Content.Recalls.AddRange(recalls);
                expected.Cancel.AddRange(cancels);
                expected.Recall.AddRange(recalls);
                var context = new WritingContext(pieces);
                OutgoingFrame.Serialize(frame, context);
                Assert.True(context.Completed);
                Assert.Equal(expected.ToByteArray(), context.Written);
            },
            iter: 2_000,
            threads: 1);
    }

    [Fact]
    public void A_frame_for_a_host_says_also_how_many_attempts_and_what_was_read_as_the_generated_code_would() =>
        Gen.Select(Number, Gen.Int[1, int.MaxValue], Gen.ULong, Gen.Bool, Gen.Bool, Gen.Int[1, 100]).Sample(
            static (number, attempts, seen, headers, again, cut) =>
            {
                var frame = new OutgoingFrame { MicrosecondsLeft = static _ => 0, IsForHost = true };
                var options = new TaskOptions { Headers = headers ? new Dictionary<string, string> { ["name"] = "value" } : null };
                var entry = new TaskEntry(number, "work", options, new byte[9], ContentType.Bytes, attempts) { Sequence = number, Service = new ServiceTime("work"), Carried = again };
                frame.Content.Tasks.Add(entry);
                frame.Content.OutcomesSeen = seen;
                var submission = new V1.TaskSubmission
                {
                    Sequence = number,
                    Task = "work",
                    ContentType = ContentType.Bytes,
                    Data = ByteString.CopyFrom(new byte[9]),
                    Number = number,
                    Attempt = 1,
                    MaxAttempts = (uint)attempts,
                    Attach = again,
                };
                if (headers)
                {
                    submission.Headers["name"] = "value";
                }

                Assert.InRange(submission.CalculateSize(), 1, entry.WireBytes);
                var context = new WritingContext(cut);
                OutgoingFrame.Serialize(frame, context);
                Assert.Equal(new V1.SessionRequest { Tasks = { submission }, OutcomesSeen = seen }.ToByteArray(), context.Written);
            },
            iter: 2_000,
            threads: 1);

    [Fact]
    public void A_hello_has_the_bytes_the_generated_code_would_write()
    {
        var hello = new V1.ClientHello { MinProtocol = 1, MaxProtocol = 1, Pool = "images", SessionKey = ulong.MaxValue, IdPrefix = "p" };
        var context = new WritingContext(1);
        OutgoingFrame.Serialize(new OutgoingFrame { MicrosecondsLeft = static _ => 0, Hello = hello }, context);
        Assert.Equal(new V1.SessionRequest { Hello = hello }.ToByteArray(), context.Written);
    }

    [Theory]
    [InlineData("name")]
    [InlineData("id")]
    [InlineData("header")]
    [InlineData("key")]
    public void Half_a_surrogate_pair_is_replaced_and_ends_no_session(string where)
    {
        const string half = "a\uD800b";
        var options = new TaskOptions
        {
            Id = where == "id" ? half : null,
            AffinityKey = where == "key" ? half : null,
            Headers = where == "header" ? new Dictionary<string, string> { [half] = half } : null,
        };
        var name = where == "name" ? half : "work";
        var entry = new TaskEntry(1, name, options, default, ContentType.Json, 1) { Sequence = 1, Service = new ServiceTime(name) };
        var frame = new OutgoingFrame { MicrosecondsLeft = static _ => 0 };
        frame.Content.Tasks.Add(entry);
        var context = new WritingContext(64);
        OutgoingFrame.Serialize(frame, context);
        var task = Assert.Single(V1.SessionRequest.Parser.ParseFrom(context.Written).Tasks);
        Assert.Contains("\uFFFD", task.Task + task.Id + task.AffinityKey + string.Concat(task.Headers.Keys), StringComparison.Ordinal);
    }

    [Fact]
    public void A_frame_of_outcomes_is_read_as_the_generated_code_would_read_it()
    {
        var outcome = Gen.Select(Number, Gen.Byte.Array[0, 500], OneOf("", ContentType.Bytes, ContentType.Protobuf, "text/plain"), Gen.Int[0, 3], Number, static (sequence, data, type, kind, service) => new V1.TaskOutcome
        {
            Sequence = sequence,
            Data = ByteString.CopyFrom(data),
            ContentType = type,
            Failure = kind == 1 ? new V1.TaskFailure { Kind = V1.TaskFailureKind.TaskFailed, Message = type, Retryable = true } : null,
            Recalled = kind == 2,
            ServiceUs = service,
            TotalBytes = (ulong)data.Length,
        });
        Gen.Select(outcome.Array[0, 6], Gen.Bool, Gen.Bool, Gen.Int[1, 600]).Sample(
            (outcomes, draining, hello, pieces) =>
            {
                var response = new V1.SessionResponse { Draining = draining, Credit = 7, Hello = hello ? new V1.EndpointHello { Concurrency = 3 } : null };
                response.Outcomes.AddRange(outcomes);
                response.Started.Add(5);
                response.Progress.Add(new V1.TaskProgress { Sequence = 1, Fraction = 0.5 });
                var frame = new IncomingFrame(new WorkerId("test", 0, 1), 1 << 20).Read(new ReadingContext(response.ToByteArray(), pieces));

                Assert.Equal((draining, hello ? 3U : (uint?)null), (frame.Draining, frame.Hello?.Concurrency));
                Assert.Equal(outcomes.Length, frame.Outcomes.Count);
                foreach (var (expected, read) in outcomes.Zip(frame.Outcomes))
                {
                    Assert.Equal((expected.Sequence, expected.Recalled, (long)Math.Min(expected.ServiceUs, long.MaxValue)), (read.Sequence, read.Recalled, read.ServiceMicroseconds));
                    Assert.Equal((expected.Failure?.Message, expected.Failure is null), (read.Attempt.Failure?.Message, read.Attempt.IsSuccess));
                    if (expected.Failure is null)
                    {
                        Assert.Equal(expected.Data.ToByteArray(), read.Attempt.Data.ToArray());
                        Assert.Equal(expected.ContentType.Length == 0 ? ContentType.Json : expected.ContentType, read.Attempt.ContentType);
                    }
                }
            },
            iter: 2_000,
            threads: 1);
    }

    [Fact]
    public void Pieces_of_payloads_have_the_bytes_the_generated_code_would_write() =>
        Gen.Select(Gen.Select(Number, Gen.Int[0, int.MaxValue], Gen.Byte.Array[0, 700], Gen.Int[0, int.MaxValue]).Array[0, 5], Number, Gen.Int[1, 400]).Sample(
            static (pieces, number, cut) =>
            {
                var frame = new OutgoingFrame { MicrosecondsLeft = static _ => 0 };
                var expected = new V1.SessionRequest();
                foreach (var (upload, offset, data, total) in pieces)
                {
                    var piece = new PayloadPiece(upload, data.Length == 0 ? 0 : offset, data, total);
                    frame.Content.Pieces.Add(piece);
                    expected.Chunks.Add(piece.IsAbandoned
                        ? new V1.PayloadChunk { Sequence = upload, Abandoned = true }
                        : new V1.PayloadChunk { Sequence = upload, Offset = (ulong)offset, Data = ByteString.CopyFrom(data), TotalBytes = (ulong)Math.Max(total, 1) });
                    frame.Content.Pieces[^1] = piece with { TotalBytes = Math.Max(total, 1) };
                }

                var entry = new TaskEntry(number, "work", TaskOptions.Default, new byte[9], ContentType.Bytes, 1) { Sequence = number, Service = new ServiceTime("work") };
                frame.Content.AddUploaded(entry, new PayloadPiece(number, 5, entry.Data[5..], 9));
                expected.Tasks.Add(new V1.TaskSubmission { Sequence = number, Task = "work", ContentType = ContentType.Bytes, Data = ByteString.CopyFrom(new byte[4]), Number = number, Attempt = 1, TotalBytes = 9, Upload = number });
                var context = new WritingContext(cut);
                OutgoingFrame.Serialize(frame, context);
                Assert.Equal(expected.ToByteArray(), context.Written);
            },
            iter: 2_000,
            threads: 1);

    [Fact]
    public void Streams_and_the_room_given_to_them_have_the_bytes_the_generated_code_would_write() =>
        Gen.Select(Gen.Select(Gen.Int[1, int.MaxValue], Gen.Bool, Gen.Bool).Array[0, 4], Gen.Select(Number, Gen.Int[1, int.MaxValue], Gen.Long[1, long.MaxValue]).Array[0, 4], Gen.Int[1, 400]).Sample(
            static (tasks, grants, cut) =>
            {
                var frame = new OutgoingFrame { MicrosecondsLeft = static _ => 0 };
                var expected = new V1.SessionRequest();
                var identity = new PoolIdentity("test", "test", new TestLog());
                foreach (var (items, isStream, reports) in tasks)
                {
                    var entry = new TaskEntry(1, "work", TaskOptions.Default, default, ContentType.Json, 1) { Sequence = 1, Service = new ServiceTime("work") };
                    entry.Feed = new TaskFeed(isStream ? new ItemBuffer(items, 1) : null, reports ? new ProgressRelay(new Progress<TaskProgress>(), entry, identity) : null);
                    frame.Content.Tasks.Add(entry);
                    var submission = new V1.TaskSubmission
                    {
                        Sequence = 1,
                        Task = "work",
                        Number = 1,
                        Attempt = 1,
                        StreamItems = isStream ? (ulong)items : 0,
                        StreamBytes = isStream ? ItemBuffer.MaxBytes : 0UL,
                        ReportsProgress = reports,
                    };
                    expected.Tasks.Add(submission);
                    Assert.InRange(submission.CalculateSize(), 1, entry.WireBytes);
                }

                foreach (var (sequence, items, bytes) in grants)
                {
                    frame.Content.Grants.Add(new StreamGrant(sequence, items, bytes));
                    expected.StreamCredit.Add(new V1.StreamCredit { Sequence = sequence, Items = (ulong)items, Bytes = (ulong)bytes });
                }

                var context = new WritingContext(cut);
                OutgoingFrame.Serialize(frame, context);
                Assert.Equal(expected.ToByteArray(), context.Written);
            },
            iter: 2_000,
            threads: 1);

    [Fact]
    public void What_running_tasks_say_is_read_as_the_generated_code_would_read_it() =>
        Gen.Select(Gen.Select(Number, Gen.Double, Text, Gen.Byte.Array[0, 300], OneOf("", ContentType.Bytes, ContentType.Protobuf, "text/plain"), Gen.Bool, Gen.Bool, Number).Array[0, 6], Gen.Int[1, 600]).Sample(
            static (all, pieces) =>
            {
                var response = new V1.SessionResponse();
                foreach (var (sequence, fraction, message, data, type, isItem, more, total) in all)
                {
                    response.Progress.Add(new V1.TaskProgress { Sequence = sequence, Fraction = fraction, Message = message, Data = ByteString.CopyFrom(data), ContentType = type, IsItem = isItem, More = more, TotalBytes = total });
                }

                var frame = new IncomingFrame(new WorkerId("test", 0, 1), 1 << 20).Read(new ReadingContext(response.ToByteArray(), pieces));
                Assert.Equal(all.Length, frame.News.Count);
                foreach (var ((sequence, fraction, message, data, type, isItem, more, total), read) in all.Zip(frame.News))
                {
                    Assert.Equal((sequence, fraction, message, isItem, more, total), (read.Sequence, read.Fraction, read.Message, read.IsItem, read.More, read.TotalBytes));
                    Assert.Equal(data, read.Data);
                    Assert.Equal(type.Length == 0 ? ContentType.Json : type, read.ContentType);
                }
            },
            iter: 2_000,
            threads: 1);

    [Fact]
    public void A_result_in_pieces_is_put_together_and_one_that_is_too_long_fails_by_the_name_of_the_limit()
    {
        var frame = new IncomingFrame(new WorkerId("test", 0, 1), 1000);
        Assert.Empty(Read(new V1.SessionResponse { Chunks = { Piece(1, 0, 400, 1000), Piece(2, 0, 400, 1001) } }).Outcomes);
        var read = Read(new V1.SessionResponse
        {
            Chunks = { Piece(1, 400, 500, 1000), Piece(2, 400, 600, 1001), Piece(3, 0, 2, 9), new V1.PayloadChunk { Sequence = 3, Abandoned = true } },
            Outcomes = { Last(1, 100, 1000), Last(2, 1, 1001) },
        });
        Assert.Equal(Enumerable.Range(0, 1000).Select(static i => (byte)i), read.Outcomes[0].Attempt.Data.ToArray());
        Assert.Equal(ContentType.Bytes, read.Outcomes[0].Attempt.ContentType);
        var failure = read.Outcomes[1].Attempt.Failure!;
        Assert.Equal((TaskFailureKind.BadInput, true), (failure.Kind, failure.RanToCompletion));
        Assert.Contains("1001 bytes; 1000 are allowed (WorkerPoolOptions.MaxMessageBytes", failure.Message, StringComparison.Ordinal);

        var broken = Assert.Throws<RpcException>(() => Read(new V1.SessionResponse { Outcomes = { Last(3, 7, 9) } }));
        Assert.Contains("nothing of payload 3 came before", broken.Status.Detail, StringComparison.Ordinal);
        Assert.Throws<RpcException>(() => Read(new V1.SessionResponse { Chunks = { Piece(4, 0, 2, 9), Piece(4, 3, 2, 9) } }));

        IncomingFrame Read(V1.SessionResponse response) => frame.Read(new ReadingContext(response.ToByteArray(), 64));

        static V1.PayloadChunk Piece(ulong payload, int offset, int length, ulong total) =>
            new() { Sequence = payload, Offset = (ulong)offset, Data = Bytes(offset, length), TotalBytes = total };

        static V1.TaskOutcome Last(ulong sequence, int length, ulong total) =>
            new() { Sequence = sequence, Data = Bytes((int)total - length, length), ContentType = ContentType.Bytes, TotalBytes = total };

        static ByteString Bytes(int from, int length) => ByteString.CopyFrom([.. Enumerable.Range(from, length).Select(static i => (byte)i)]);
    }

    [Fact]
    [Trait("Scenario", "59")]
    public void Bytes_that_are_no_frame_are_refused_and_nothing_else_is_thrown()
    {
        var good = new V1.SessionResponse
        {
            Outcomes =
            {
                new V1.TaskOutcome { Sequence = 300, Data = ByteString.CopyFromUtf8("hello"), ContentType = ContentType.Bytes },
                new V1.TaskOutcome { Sequence = 302, Data = ByteString.CopyFromUtf8("end"), TotalBytes = 8 },
                new V1.TaskOutcome { Sequence = 301, Failure = new V1.TaskFailure { Message = "x", RetryAfter = new() { Seconds = 1 }, Error = new V1.RemoteError { Type = "T", Cause = new V1.RemoteError() } } },
            },
            Chunks = { new V1.PayloadChunk { Sequence = 302, Data = ByteString.CopyFromUtf8("begin"), TotalBytes = 8 } },
            Hello = new V1.EndpointHello { HostInstance = "h" },
        }.ToByteArray();
        var mutated = Gen.Select(Gen.Int[0, good.Length - 1].Array[1, 4], Gen.Byte.Array[4], Gen.Int[0, good.Length], (places, values, length) =>
        {
            var bytes = good[..length];
            for (var i = 0; i < places.Length; i++)
            {
                if (places[i] < length)
                {
                    bytes[places[i]] = values[i];
                }
            }

            return bytes;
        });
        Gen.Select(Gen.OneOf(mutated, Gen.Byte.Array[0, 60]), Gen.Int[1, 100]).Sample(
            static (bytes, pieces) =>
            {
                try
                {
                    new IncomingFrame(new WorkerId("test", 0, 1), 1 << 20).Read(new ReadingContext(bytes, pieces));
                }
                catch (RpcException e)
                {
                    Assert.Contains("cannot be read", e.Status.Detail, StringComparison.Ordinal);
                }
            },
            iter: 50_000,
            threads: 1);
    }
}
