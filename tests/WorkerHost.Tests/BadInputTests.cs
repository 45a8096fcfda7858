using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using WorkerHost.Client;

namespace WorkerHost.Tests;

/// <summary>
/// A thousand times input that cannot be: each is told by a typed error that names what is wrong with it, and the same
/// processes do a hundred good tasks after.
/// </summary>
public sealed class BadInputTests(BadInputTests.SmallMessages shared) : IClassFixture<BadInputTests.SmallMessages>
{
    private const int Times = 1000;
    private const int MaxMessageBytes = 64 * 1024;

    private static readonly byte[] Noise = [0xFF, 0xFE, 0x00, 0x7B];

    private readonly WorkerPool pool = shared.Pool;

    [Theory]
    [InlineData("arguments of another type", TaskFailureKind.BadInput, "task \"add\" takes a JSON array of 2 arguments (int a, int b); argument \"int a\" could not be read")]
    [InlineData("too many arguments", TaskFailureKind.BadInput, "task \"add\" takes a JSON array of 2 arguments (int a, int b); got more")]
    [InlineData("bytes for JSON", TaskFailureKind.BadInput, "task \"add\" does not take content type \"application/octet-stream\"; it takes application/json")]
    [InlineData("JSON for a message", TaskFailureKind.BadInput, "task \"increment_message\" does not take content type \"application/json\"; it takes application/x-protobuf")]
    [InlineData("a message for bytes", TaskFailureKind.BadInput, "task \"echo\" does not take content type \"application/x-protobuf\"; it takes application/octet-stream")]
    [InlineData("a task that nobody mapped", TaskFailureKind.UnknownTask, "has no task \"nobody\"; it knows")]
    [InlineData("a result that is too large", TaskFailureKind.TaskFailed, "more than the limit of 65536 bytes (MaxMessageBytes of the pool's options)")]
    [InlineData("a result of another type", TaskFailureKind.BadInput, "System.Guid")]
    public Task What_a_worker_cannot_take_is_named_a_thousand_times_and_harms_nobody(string what, TaskFailureKind kind, string named) => HarmsNobodyAsync(async () =>
    {
        var failures = await Task.WhenAll(Enumerable.Range(0, Times).Select(_ => Submit(what)).Select(TestPool.FailureOf));

        All(kind, named, failures);
    });

    [Theory]
    [InlineData("too large", TaskFailureKind.BadInput, "the payload of task echo has 65537 bytes; 65536 are allowed (WorkerPoolOptions.MaxMessageBytes)")]
    [InlineData("cannot be written", TaskFailureKind.BadInput, "the arguments of task add cannot be written as JSON: no value for you")]
    [InlineData("a name without end", TaskFailureKind.BadInput, "the task's name has 1025 characters; 1024 are allowed")]
    [InlineData("too many headers", TaskFailureKind.BadInput, "the headers of task add (TaskOptions.Headers) have 33000 bytes; 32768 are allowed")]
    public Task What_cannot_be_sent_is_refused_at_once_a_thousand_times_and_harms_nobody(string what, TaskFailureKind kind, string named) => HarmsNobodyAsync(() =>
    {
        var refused = Enumerable.Range(0, Times).Select(_ => Assert.Throws<TaskException>(() => Submit(what))).ToList();

        All(kind, named, refused);
        Assert.DoesNotContain(refused, static f => !f.Failure.NeverStarted);
        return Task.CompletedTask;
    });

    [Theory]
    [InlineData("TimeLimit")]
    [InlineData("Attempts")]
    [InlineData("Id")]
    [InlineData("Headers")]
    public Task Options_that_make_no_sense_are_refused_by_name_a_thousand_times_and_harm_nobody(string option) => HarmsNobodyAsync(() =>
    {
        for (var i = 0; i < Times; i++)
        {
            Assert.Contains($"TaskOptions.{option}", Assert.ThrowsAny<ArgumentException>(() => pool.Submit<int>("add", [1, 2], Senseless(option))).Message, StringComparison.Ordinal);
        }

        return Task.CompletedTask;
    });

    [Theory]
    [InlineData("add", ContentType.Json, "task \"add\"")]
    [InlineData("double_aot", ContentType.Json, "task \"double_aot\" takes a JSON array of 1 argument (Int32)")]
    [InlineData("increment_message", ContentType.Protobuf, "the payload of task \"increment_message\" is not a Int32Value")]
    [InlineData("add", "text/html", "does not take content type \"text/html\"; it takes application/json")]
    [InlineData("echo", "", "does not take content type \"application/json\"; it takes application/octet-stream")]
    public Task Bytes_that_nobody_can_decode_are_named_a_thousand_times_and_harm_nobody(string task, string contentType, string named) => HarmsNobodyAsync(async () =>
    {
        var worker = (await pool.Source.Subscribe().ReadAsync(TestContext.Current.CancellationToken)).Ready[0];
        using var channel = new EndpointChannel(worker, MaxMessageBytes, drainSafe: false);
        var stranger = new V1.TaskEndpoint.TaskEndpointClient(channel.Invoker);
        var request = new V1.RunRequest { Task = task, Payload = new V1.Payload { ContentType = contentType, Data = ByteString.CopyFrom(Noise) } };
        for (var i = 0; i < Times; i++)
        {
            var error = await Assert.ThrowsAsync<RpcException>(async () => await stranger.RunAsync(request, cancellationToken: TestContext.Current.CancellationToken));
            var failure = WireFailure.Sent(error, worker.Id)!;
            Assert.Equal((StatusCode.InvalidArgument, TaskFailureKind.BadInput, true), (error.StatusCode, failure.Kind, failure.NeverStarted));
            Assert.Contains(named, failure.Message, StringComparison.Ordinal);
        }
    });

    [Fact]
    public Task A_pool_that_is_gone_refuses_a_thousand_times_and_harms_nobody() => HarmsNobodyAsync(async () =>
    {
        var gone = await WorkerPool.ConnectAsync(pool.Workers[0].Address!.ToString(), new WorkerPoolOptions { Name = "gone" });
        await gone.DisposeAsync();

        var refused = Enumerable.Range(0, Times).Select(_ => Assert.Throws<TaskException>(() => gone.Submit<int>("add", [1, 2]))).ToList();

        All(TaskFailureKind.Rejected, "the pool is stopping and takes no new tasks", refused);
        Assert.DoesNotContain(refused, static f => !f.Failure.NeverStarted);
    });

    // One line for a thousand that are the same.
    private static void All(TaskFailureKind kind, string named, IReadOnlyCollection<TaskException?> failures)
    {
        Assert.Equal(Times, failures.Count);
        Assert.Equal([kind], failures.Select(static f => f?.Kind ?? default).Distinct());
        Assert.Empty(failures.Select(static f => f!.Message).Where(m => !m.Contains(named, StringComparison.Ordinal)).Distinct().Take(1));
    }

    private async Task HarmsNobodyAsync(Func<Task> badInput)
    {
        var before = pool.Workers.Select(w => w.Pid).ToList();

        await badInput();

        var good = Enumerable.Range(0, 100).Select(i => pool.Submit<int>("add", [i, 1])).ToList();
        Assert.Equal(Enumerable.Range(1, 100), await TaskFuture.WhenAll(good).WaitAsync(TestPool.Patience));
        Assert.Equal(before, pool.Workers.Select(w => w.Pid));
        Assert.All(pool.Workers, w => Assert.Null(w.LastDeath));
        await TestPool.Until(() => pool.UnsettledTasks == 0, "nothing is left behind");
    }

    private TaskFuture Submit(string what) => what switch
    {
        "arguments of another type" => pool.Submit<int>("add", ["no number", 2]),
        "too many arguments" => pool.Submit<int>("add", [1, 2, 3]),
        "bytes for JSON" => pool.SubmitBytes("add", Noise),
        "JSON for a message" => pool.Submit<int>("increment_message", [1]),
        "a message for bytes" => pool.SubmitMessage<Int32Value>("echo", new Int32Value { Value = 1 }),
        "a task that nobody mapped" => pool.Submit<int>("nobody"),
        "a result that is too large" => pool.Submit<byte[]>("fill", [MaxMessageBytes + 1]),
        "a result of another type" => pool.Submit<Guid>("add", [1, 2]),
        "too large" => pool.SubmitBytes("echo", new byte[MaxMessageBytes + 1]),
        "cannot be written" => pool.Submit<int>("add", [new Unwritable()]),
        "a name without end" => pool.Submit<int>(new string('x', 1025)),
        "too many headers" => pool.Submit<int>("add", [1, 2], new TaskOptions { Headers = Enumerable.Range(0, 1000).ToDictionary(i => $"{i:000}", _ => "twenty two bytes long.") }),
        _ => throw new ArgumentException($"no bad input is called {what}", nameof(what)),
    };

    private static TaskOptions Senseless(string option) => option switch
    {
        "TimeLimit" => new TaskOptions { TimeLimit = TimeSpan.FromSeconds(-1) },
        "Attempts" => new TaskOptions { Attempts = -1 },
        "Id" => new TaskOptions { Id = new string('x', 1025) },
        "Headers" => new TaskOptions { Headers = new Dictionary<string, string> { ["a"] = null! } },
        _ => throw new ArgumentException($"no option is called {option}", nameof(option)),
    };

    private sealed class Unwritable
    {
        public int Value => throw new InvalidOperationException("no value for you");
    }

    public sealed class SmallMessages : IAsyncLifetime
    {
        public WorkerPool Pool { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Pool = await TestPool.StartAsync(TestPool.Options(workers: 2) with { MaxMessageBytes = MaxMessageBytes });

        public ValueTask DisposeAsync() => Pool.DisposeAsync();
    }
}
