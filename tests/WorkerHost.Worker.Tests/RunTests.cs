using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using WorkerHost.V1;
using Kind = WorkerHost.V1.TaskFailureKind;

namespace WorkerHost.Worker.Tests;

/// <summary>One task by a unary call: the form every language finds easy.</summary>
public sealed class RunTests(SharedWorker shared) : IClassFixture<SharedWorker>
{
    private WorkerUnderTest Worker => shared.Worker;

    [Theory]
    [InlineData("add", "[1, 2]", "3")]
    [InlineData("add", "[\"1\", 2]", "3")]
    [InlineData("add_async", "[1, 2]", "3")]
    [InlineData("upper", "[\"straße 🙂\"]", "\"STRA\\u00DFE \\uD83D\\uDE42\"")]
    [InlineData("greet", "[\"Ada\"]", "\"Hello, Ada\"")]
    [InlineData("greet", "[\"Ada\", \"Hi\"]", "\"Hi, Ada\"")]
    [InlineData("sum", "[[1, 2, 3]]", "6")]
    [InlineData("sum", "[[]]", "0")]
    [InlineData("move", "[{\"x\": 1, \"Y\": 2}, 10, 20]", "{\"x\":11,\"y\":22}")]
    [InlineData("value_task", "[21]", "42")]
    [InlineData("double_aot", "[21]", "42")]
    [InlineData("nothing", "[]", "null")]
    public async Task A_task_takes_json_arguments_and_returns_json(string task, string arguments, string result)
    {
        var response = await Worker.RunAsync(task, arguments);

        Assert.Equal(result, response.Result.Data.ToStringUtf8());
        Assert.Equal(ContentType.Json, response.Result.ContentType);
        Assert.Equal("tests/2#7", response.Worker);
        Assert.Equal(1u, response.Attempts);
    }

    [Theory]
    [InlineData("reverse")]
    [InlineData("echo")]
    public async Task Bytes_travel_as_they_are(string task)
    {
        byte[] bytes = [0, 1, 254, 255, 254, 1, 0];

        var response = await Worker.Endpoint.RunAsync(Bytes(task, bytes), Worker.Call());

        Assert.Equal(ContentType.Bytes, response.Result.ContentType);
        Assert.Equal(bytes, response.Result.Data.ToByteArray());
    }

    [Fact]
    public async Task A_bytes_parameter_also_takes_base64_in_json() =>
        Assert.Equal([3, 2, 1], (await Worker.RunAsync("reverse", "[\"AQID\"]")).Result.Data.ToByteArray());

    [Theory]
    [InlineData("increment_message", 42)]
    [InlineData("decrement_message", 40)]
    public async Task Protobuf_messages_travel_in_their_own_encoding(string task, int expected)
    {
        var request = Bytes(task, new Int32Value { Value = 41 }.ToByteArray());
        request.Payload.ContentType = ContentType.Protobuf;

        var response = await Worker.Endpoint.RunAsync(request, Worker.Call());

        Assert.Equal(ContentType.Protobuf, response.Result.ContentType);
        Assert.Equal(expected, Int32Value.Parser.ParseFrom(response.Result.Data).Value);
    }

    [Theory]
    [Trait("Scenario", "60")]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(256 * 1024)]
    [InlineData(64 * 1024 * 1024)]
    public async Task Payloads_of_every_size_up_to_the_limit_come_back_unchanged(int size)
    {
        var bytes = new byte[size];
        new Random(size).NextBytes(bytes);

        var response = await Worker.Endpoint.RunAsync(Bytes("echo", bytes), Worker.Call());

        Assert.True(response.Result.Data.Span.SequenceEqual(bytes));
    }

    [Fact]
    public async Task A_payload_above_the_limit_is_refused_by_the_name_of_the_limit()
    {
        var error = await Assert.ThrowsAsync<RpcException>(
            async () => await Worker.Endpoint.RunAsync(Bytes("echo", new byte[(64 * 1024 * 1024) + 1]), Worker.Call()));

        Assert.Equal(StatusCode.InvalidArgument, error.StatusCode);
        Assert.Contains("MaxMessageBytes", Failure(error).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_result_above_the_limit_fails_the_task_by_the_name_of_the_limit()
    {
        var failure = await FailureOf("fill", $"[{(64 * 1024 * 1024) + 1}]", StatusCode.Unknown);

        Assert.Equal(Kind.TaskFailed, failure.Kind);
        Assert.Contains("MaxMessageBytes", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Scenario", "7")]
    public async Task An_exception_travels_with_type_message_stack_and_cause()
    {
        var failure = await FailureOf("throw_with_cause", "[\"outer\", \"inner\"]", StatusCode.Unknown);

        Assert.Equal(Kind.TaskFailed, failure.Kind);
        Assert.False(failure.Retryable);
        Assert.False(failure.NeverStarted);
        Assert.Equal("throw_with_cause", failure.Task);
        Assert.Equal("tests/2#7", failure.Worker);
        Assert.Equal("System.InvalidOperationException", failure.Error.Type);
        Assert.Equal("outer", failure.Error.Message);
        Assert.Contains("DyingTasks", failure.Error.StackTrace, StringComparison.Ordinal);
        Assert.Equal("System.FormatException", failure.Error.Cause.Type);
        Assert.Equal("inner", failure.Error.Cause.Message);
    }

    [Fact]
    public async Task The_first_of_an_aggregate_exception_is_its_cause() =>
        Assert.Equal("first", (await FailureOf("throw_aggregate", "[]", StatusCode.Unknown)).Error.Cause.Message);

    [Fact]
    public async Task An_asynchronous_handler_fails_like_a_synchronous_one() =>
        Assert.Equal("later", (await FailureOf("throw_async", "[\"later\"]", StatusCode.Unknown)).Error.Message);

    [Fact]
    public async Task An_exception_whose_message_throws_is_still_a_failure_of_the_task()
    {
        var failure = await FailureOf("throw_hostile", "[]", StatusCode.Unknown);

        Assert.EndsWith("HostileException", failure.Error.Type, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_handler_can_mark_its_failure_as_worth_another_try()
    {
        var failure = await FailureOf("throw_retryable", "[\"busy\", 250]", StatusCode.Unknown);

        Assert.True(failure.Retryable);
        Assert.Equal(250, failure.RetryAfter.ToTimeSpan().TotalMilliseconds);
    }

    [Fact]
    public async Task A_huge_failure_fits_the_trailers_that_any_grpc_client_accepts()
    {
        // A megabyte of text whose percent-encoding is nine times as long.
        var error = await ErrorOf("throw", $"[\"{new string('語', 350_000)}\"]");

        var metadata = error.Trailers.Sum(static entry => 32 + entry.Key.Length + (entry.IsBinary ? entry.ValueBytes.Length * 4 / 3 : entry.Value.Length));
        Assert.InRange(metadata + Uri.EscapeDataString(error.Status.Detail).Length, 1, 8 * 1024);
        Assert.Equal("System.InvalidOperationException", Failure(error).Error.Type);
    }

    [Fact]
    public async Task A_task_that_returns_an_exception_like_value_has_succeeded() =>
        Assert.Equal(
            "{\"type\":\"InvalidOperationException\",\"message\":\"a value\"}",
            await Worker.RunJsonAsync("return_exception", "[\"a value\"]"));

    [Fact]
    public async Task An_unknown_task_is_told_what_there_is()
    {
        var failure = await FailureOf("ad", "[]", StatusCode.Unimplemented);

        Assert.Equal(Kind.UnknownTask, failure.Kind);
        Assert.True(failure.NeverStarted);
        Assert.Contains("\"ad\"", failure.Message, StringComparison.Ordinal);
        Assert.Contains("add_async", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("add", "", "(int a, int b); the payload is empty")]
    [InlineData("add", "{}", "(int a, int b); the payload is not an array")]
    [InlineData("add", "[1]", "takes a JSON array of 2 arguments (int a, int b); got 1")]
    [InlineData("add", "[1, 2, 3]", "(int a, int b); got more")]
    [InlineData("add", "[1, \"two\"]", "argument \"int b\" could not be read")]
    [InlineData("add", "[1, 2", "could not be read")]
    [InlineData("add", "[1, 2] 3", "could not be read")]
    [InlineData("upper", "[]", "takes a JSON array of 1 argument (string text); got 0")]
    [InlineData("greet", "[]", "(string name, string greeting = Hello); got 0")]
    [InlineData("double_aot", "[]", "got 0")]
    [InlineData("double_aot", "[1, 2]", "got more")]
    [InlineData("double_aot", "[true]", "could not be read")]
    public async Task A_payload_that_does_not_fit_is_refused_with_what_is_expected(string task, string payload, string expected)
    {
        var failure = await FailureOf(task, payload, StatusCode.InvalidArgument);

        Assert.Equal(Kind.BadInput, failure.Kind);
        Assert.True(failure.NeverStarted);
        Assert.Contains(expected, failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("add", "text/plain", "it takes application/json")]
    [InlineData("add", "application/octet-stream", "it takes application/json")]
    [InlineData("echo", "", "it takes application/octet-stream")]
    [InlineData("reverse", "application/x-protobuf", "it takes application/octet-stream, application/json")]
    [InlineData("increment_message", "application/json", "it takes application/x-protobuf")]
    public async Task A_content_type_that_is_not_taken_is_refused_by_name(string task, string contentType, string expected)
    {
        var request = Bytes(task, "[1, 2]"u8.ToArray());
        request.Payload.ContentType = contentType;

        var error = await Assert.ThrowsAsync<RpcException>(async () => await Worker.Endpoint.RunAsync(request, Worker.Call()));

        Assert.Equal(StatusCode.InvalidArgument, error.StatusCode);
        Assert.Contains(expected, Failure(error).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("increment_message")]
    [InlineData("decrement_message")]
    public async Task Bytes_that_are_not_the_message_are_bad_input(string task)
    {
        var request = Bytes(task, [0xFF, 0xFF, 0xFF]);
        request.Payload.ContentType = ContentType.Protobuf;

        var error = await Assert.ThrowsAsync<RpcException>(async () => await Worker.Endpoint.RunAsync(request, Worker.Call()));

        Assert.Equal(Kind.BadInput, Failure(error).Kind);
        Assert.Contains("Int32Value", Failure(error).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_handler_knows_its_task()
    {
        var request = WorkerUnderTest.Request("worker", "[]");
        request.Id = "my-id";
        request.Attempt = 3;
        request.TimeLimit = Duration.FromTimeSpan(TimeSpan.FromHours(1));
        request.Headers.Add("traceparent", "00-1");

        var json = (await Worker.Endpoint.RunAsync(request, Worker.Call())).Result.Data.ToStringUtf8();

        Assert.Contains("\"id\":\"my-id\"", json, StringComparison.Ordinal);
        Assert.Contains("\"attempt\":3", json, StringComparison.Ordinal);
        Assert.Contains("\"timeRemainingMs\":35", json, StringComparison.Ordinal);
        Assert.Contains("\"traceparent\":\"00-1\"", json, StringComparison.Ordinal);
        Assert.Contains("\"worker\":\"tests/2#7\"", json, StringComparison.Ordinal);
        Assert.Contains("\"thread\":\"workerhost lane", json, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_task_without_an_id_gets_one()
    {
        var response = await Worker.RunAsync("worker", "[]");

        Assert.NotEmpty(response.Id);
        Assert.Contains($"\"id\":\"{response.Id}\"", response.Result.Data.ToStringUtf8(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("sleep")]
    [InlineData("wait_blocking")]
    public async Task A_time_limit_stops_a_handler_that_heeds_its_token(string task)
    {
        var request = WorkerUnderTest.Request(task, "[60000]");
        request.TimeLimit = Duration.FromTimeSpan(TimeSpan.FromMilliseconds(50));

        var error = await Assert.ThrowsAsync<RpcException>(async () => await Worker.Endpoint.RunAsync(request, Worker.Call()));

        Assert.Equal(StatusCode.DeadlineExceeded, error.StatusCode);
        Assert.Equal(Kind.DeadlineExceeded, Failure(error).Kind);
        Assert.False(Failure(error).NeverStarted);
    }

    [Fact]
    public async Task A_time_limit_that_is_none_is_bad_input()
    {
        var request = WorkerUnderTest.Request("nothing", "[]");
        request.TimeLimit = new Duration { Seconds = -1 };

        var error = await Assert.ThrowsAsync<RpcException>(async () => await Worker.Endpoint.RunAsync(request, Worker.Call()));

        Assert.Equal(Kind.BadInput, Failure(error).Kind);
    }

    [Fact]
    public async Task The_deadline_of_the_call_stops_the_handler_and_the_lane_is_free_again()
    {
        for (var i = 0; i < 4; i++)
        {
            var error = await Assert.ThrowsAsync<RpcException>(async () => await Worker.Endpoint.RunAsync(
                WorkerUnderTest.Request("sleep", "[3600000]"), Worker.Call().WithDeadline(DateTime.UtcNow.AddMilliseconds(50))));
            Assert.Equal(StatusCode.DeadlineExceeded, error.StatusCode);
        }

        Assert.Equal("3", await Worker.RunJsonAsync("add", "[1, 2]"));
    }

    [Fact]
    public async Task Cancelling_the_call_stops_the_handler_and_the_lane_is_free_again()
    {
        for (var i = 0; i < 4; i++)
        {
            using var cancel = new CancellationTokenSource();
            var here = Worker.PathOf($"here-{i}");
            var call = Worker.Endpoint.RunAsync(
                WorkerUnderTest.Request("meet", $"[\"{here}\", \"{Worker.PathOf("never")}\"]"), cancellationToken: cancel.Token);
            await Worker.FileAsync($"here-{i}");

            await cancel.CancelAsync();

            Assert.Equal(StatusCode.Cancelled, (await Assert.ThrowsAsync<RpcException>(async () => await call)).StatusCode);
        }

        Assert.Equal("3", await Worker.RunJsonAsync("add", "[1, 2]"));
    }

    [Fact]
    public async Task A_cancellation_of_the_handlers_own_making_is_a_failure_like_any_other() =>
        Assert.Equal("System.OperationCanceledException", (await FailureOf("cancel_itself", "[]", StatusCode.Unknown)).Error.Type);

    [Fact]
    public async Task Another_pools_name_is_refused()
    {
        var request = WorkerUnderTest.Request("nothing", "[]");
        request.Pool = "others";

        var error = await Assert.ThrowsAsync<RpcException>(async () => await Worker.Endpoint.RunAsync(request, Worker.Call()));

        Assert.Equal(StatusCode.NotFound, error.StatusCode);
        Assert.Contains("\"tests\"", error.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Scenario", "18")]
    public async Task A_hundred_bad_payloads_do_not_hurt_a_hundred_good_ones()
    {
        for (var i = 0; i < 100; i++)
        {
            await FailureOf("add", "[1, {}]", StatusCode.InvalidArgument);
        }

        for (var i = 0; i < 100; i++)
        {
            Assert.Equal($"{i + 1}", await Worker.RunJsonAsync("add", $"[1, {i}]"));
        }
    }

    [Fact]
    public async Task Describe_tells_what_can_be_run()
    {
        var description = await Worker.Endpoint.DescribeAsync(new DescribeRequest(), Worker.Call());

        Assert.Equal("tests", description.Pool);
        Assert.Equal("tests/2#7", description.Worker);
        Assert.Equal("instance", description.HostInstance);
        Assert.Equal(2u, description.Concurrency);
        Assert.Equal([Capability.Session, Capability.Chunks, Capability.Streams, Capability.Calls, Capability.Control, Capability.Ledger], description.Capabilities);
        Assert.Equal([ContentType.Bytes], description.Tasks.Single(static t => t.Name == "echo").ContentTypes);
        Assert.Equal([ContentType.Bytes, ContentType.Json], description.Tasks.Single(static t => t.Name == "reverse").ContentTypes);
    }

    internal static TaskFailure Failure(RpcException error)
    {
        var details = error.Trailers.Get(FailureStatus.DetailsKey);
        Assert.True(details is not null, $"no details: {error.Status}");
        var status = Google.Rpc.Status.Parser.ParseFrom(details.ValueBytes);
        Assert.Equal((int)error.StatusCode, status.Code);
        return Assert.Single(status.Details).Unpack<TaskFailure>();
    }

    private static RunRequest Bytes(string task, byte[] bytes) => new()
    {
        Task = task,
        Payload = new Payload { ContentType = ContentType.Bytes, Data = ByteString.CopyFrom(bytes) },
    };

    private Task<RpcException> ErrorOf(string task, string json) => Assert.ThrowsAsync<RpcException>(async () => await Worker.RunAsync(task, json));

    private async Task<TaskFailure> FailureOf(string task, string json, StatusCode status)
    {
        var error = await ErrorOf(task, json);
        Assert.Equal(status, error.StatusCode);
        return Failure(error);
    }
}
