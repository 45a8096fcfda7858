using Google.Protobuf.WellKnownTypes;

namespace WorkerHost.Tests;

/// <summary>What goes in and comes out.</summary>
public sealed class PayloadTests(SharedPool shared) : IClassFixture<SharedPool>
{
    private readonly WorkerPool pool = shared.Pool;

    [Theory]
    [Trait("Scenario", "60")]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(16_383)]
    [InlineData(16_384)]
    [InlineData(65_537)]
    [InlineData(262_144)]
    [InlineData(262_145)]
    [InlineData(1_000_003)]
    [InlineData(64 * 1024 * 1024)]
    public async Task Bytes_come_back_as_they_were(int size)
    {
        var payload = new byte[size];
        Random.Shared.NextBytes(payload);

        var echoed = await pool.SubmitBytes("echo", payload).Task.WaitAsync(TestPool.Patience);

        Assert.True(echoed.Span.SequenceEqual(payload));
    }

    [Fact]
    [Trait("Scenario", "60")]
    public async Task Small_tasks_do_not_wait_behind_large_ones()
    {
        await using var own = await TestPool.StartAsync(TestPool.Options() with { Concurrency = 2 });
        var payload = new byte[64 * 1024 * 1024];
        Random.Shared.NextBytes(payload);
        var large = own.SubmitBytes("echo", payload);
        var passed = 0;
        for (; !large.IsDone; passed++)
        {
            Assert.Equal(3, await own.Submit<int>("add", [1, 2]).Task.WaitAsync(TestPool.Patience));
        }

        Assert.True((await large).Span.SequenceEqual(payload));

        // 64 MiB make 512 halves of frames each way; one after the other they would let two pass.
        Assert.True(passed > 20, $"only {passed} small tasks passed a large one");
    }

    [Fact]
    [Trait("Scenario", "60")]
    public void A_payload_over_the_limit_is_refused_at_once_by_the_name_of_the_limit()
    {
        var refused = Assert.Throws<TaskException>(() => pool.SubmitBytes("echo", new byte[64 * 1024 * 1024 + 1]));

        Assert.Equal(TaskFailureKind.BadInput, refused.Kind);
        Assert.Contains("MaxMessageBytes", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_pipeline_that_is_not_there_is_refused_at_once_by_its_name()
    {
        var refused = Assert.Throws<TaskException>(() => pool.Submit<int>("add", [1, 2], new TaskOptions { AttemptPipeline = "slow" }));

        Assert.Equal(TaskFailureKind.BadInput, refused.Kind);
        Assert.Contains("'slow' (TaskOptions.AttemptPipeline); the pool has none: set WorkerPoolOptions.AttemptPipelines", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Scenario", "60")]
    public async Task A_result_over_the_limit_fails_by_the_name_of_the_limit_and_the_worker_lives()
    {
        var failure = await TestPool.FailureOf(pool.Submit<byte[]>("fill", [64 * 1024 * 1024 + 1]));

        Assert.Equal(TaskFailureKind.TaskFailed, failure?.Kind);
        Assert.Contains("MaxMessageBytes", failure!.Message, StringComparison.Ordinal);
        Assert.Equal(3, await pool.Submit<int>("add", [1, 2]));
    }

    [Theory]
    [Trait("Scenario", "60")]
    [InlineData("Grüße, 世界 🌍")]
    [InlineData("\0\u0001\u001b[31m")]
    [InlineData("")]
    public async Task Any_text_is_safe_in_arguments_ids_and_messages(string text)
    {
        Assert.Equal(text.ToUpperInvariant(), await pool.Submit<string>("upper", [text]).Task.WaitAsync(TestPool.Patience));
        var failure = await TestPool.FailureOf(pool.Submit<string>("throw", [text], new TaskOptions { Id = $"id {text}." }));
        Assert.Equal(text, failure?.Failure.Error?.Message);
        Assert.Equal($"id {text}.", failure?.TaskId);
    }

    [Fact]
    public async Task Protobuf_messages_go_in_and_come_out()
    {
        var answer = await pool.SubmitMessage<Int32Value>("increment_message", new Int32Value { Value = 41 }).Task.WaitAsync(TestPool.Patience);

        Assert.Equal(42, answer.Value);
    }

    [Fact]
    [Trait("Scenario", "7")]
    public async Task A_failure_carries_the_remote_type_message_stack_and_causes()
    {
        var failure = await TestPool.FailureOf(pool.Submit<string>("throw_with_cause", ["outer", "inner"]));

        Assert.Equal(TaskFailureKind.TaskFailed, failure?.Kind);
        var error = failure!.Failure.Error!;
        Assert.Equal("System.InvalidOperationException", error.Type);
        Assert.Equal("outer", error.Message);
        Assert.Contains("DyingTasks", error.StackTrace, StringComparison.Ordinal);
        Assert.Equal("System.FormatException", error.Cause?.Type);
        Assert.Equal("inner", error.Cause?.Message);
        Assert.Contains("inner", failure.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Scenario", "6")]
    public async Task A_task_that_returns_an_exception_delivers_it_as_a_value()
    {
        var returned = await pool.Submit<ReturnedFailure>("return_exception", ["just a value"]).Task.WaitAsync(TestPool.Patience);

        Assert.Equal(new ReturnedFailure("InvalidOperationException", "just a value"), returned);
    }

    [Theory]
    [InlineData("no_such_task", TaskFailureKind.UnknownTask, "no_such_task")]
    [InlineData("add", TaskFailureKind.BadInput, "add")]
    public async Task Bad_input_is_named_and_nothing_is_harmed(string task, TaskFailureKind kind, string named)
    {
        var failure = await TestPool.FailureOf(pool.Submit<string>(task, ["not", "what", "it", "wants"]));

        Assert.Equal(kind, failure?.Kind);
        Assert.Contains(named, failure!.Message, StringComparison.Ordinal);
        Assert.Equal(3, await pool.Submit<int>("add", [1, 2]));
    }

    [Fact]
    public async Task A_result_of_another_type_than_expected_says_which()
    {
        var failure = await TestPool.FailureOf(pool.Submit<DateTime>("add", [1, 2]));

        Assert.Equal(TaskFailureKind.BadInput, failure?.Kind);
        Assert.Contains("DateTime", failure!.Message, StringComparison.Ordinal);
    }

    private sealed record ReturnedFailure(string Type, string Message);
}
