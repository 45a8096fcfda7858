using System.IO.Pipelines;
using System.Text;
using System.Text.Json;
using WorkerHost.Sidecar.Commands;

namespace WorkerHost.Sidecar.Tests.Commands;

public sealed class MapTests(DataFixture host) : IClassFixture<DataFixture>
{
    private Task<Ran> Map(Given given, params string[] arguments) => Ran.Async(given, ["map", .. arguments, "--endpoint-file", host.File]);

    [Fact]
    public async Task Ten_thousand_lines_have_their_results_in_order()
    {
        var ran = await Map(Given.Lines([.. Enumerable.Range(0, 10_000).Select(static i => $"{i}")]), "images", "increment");

        Assert.Equal((0, ""), (ran.Code, ran.Error));
        Assert.Equal(Enumerable.Range(1, 10_000).Select(static i => $"{i}"), ran.Lines);
    }

    [Fact]
    public async Task Unordered_results_come_as_their_tasks_end_and_say_whose_they_are()
    {
        var ran = await Map(Given.Lines("300", "1", "1"), "images", "sleep", "--unordered", "--output", "json");

        Assert.Equal(0, ran.Code);
        var indexes = ran.Lines.Select(static line => JsonDocument.Parse(line).RootElement.GetProperty("index").GetInt32()).ToList();
        Assert.Equal([0, 1, 2], indexes.Order());
        Assert.Equal(0, indexes[^1]);
    }

    [Fact]
    public async Task Spread_lines_are_the_arguments_of_each_task() =>
        Assert.Equal(["3", "7"], (await Map(Given.Lines("[1,2]", "[3,4]"), "images", "add", "--spread")).Lines);

    [Fact]
    public async Task The_first_failure_ends_it_behind_the_results_before_it()
    {
        var ran = await Map(Given.Lines("[4,2]", "[1,0]", "[9,3]"), "images", "divide_by_reflection", "--spread");

        Assert.Equal((ExitCode.Failed, "2\n"), (ran.Code, ran.Output));
        Assert.Contains("line 2 of the input: task divide_by_reflection", ran.Error, StringComparison.Ordinal);
        Assert.Contains("DivideByZeroException", ran.Error, StringComparison.Ordinal);
        Assert.Contains("--keep-going", ran.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task To_keep_going_means_that_failures_are_lines_with_their_place()
    {
        var ran = await Map(Given.Lines("[4,2]", "", "[1,0]", "cat", "[9,3]"), "images", "divide_by_reflection", "--spread", "--keep-going");

        Assert.Equal(ExitCode.Failed, ran.Code);
        Assert.Equal(["2", "3"], [ran.Lines[0], ran.Lines[3]]);
        var (failed, bad) = (JsonDocument.Parse(ran.Lines[1]).RootElement, JsonDocument.Parse(ran.Lines[2]).RootElement);
        Assert.Equal((1, 3), (failed.GetProperty("index").GetInt32(), failed.GetProperty("line").GetInt32()));
        Assert.Equal("TASK_FAILURE_KIND_TASK_FAILED", failed.GetProperty("error").GetProperty("kind").GetString());
        Assert.Equal((2, 4), (bad.GetProperty("index").GetInt32(), bad.GetProperty("line").GetInt32()));
        Assert.Equal("TASK_FAILURE_KIND_BAD_INPUT", bad.GetProperty("error").GetProperty("kind").GetString());
        Assert.Contains("4 done, 2 of them failed", ran.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Results_are_written_while_the_input_goes_on()
    {
        var (input, output) = (new Pipe(), new Pipe());
        var running = Map(new Given { Input = input.Reader.AsStream(), Output = output.Writer.AsStream() }, "images", "increment");
        using var lines = new StreamReader(output.Reader.AsStream());

        for (var i = 0; i < 3; i++)
        {
            await input.Writer.WriteAsync(Encoding.UTF8.GetBytes($"{i}\n"));
            Assert.Equal($"{i + 1}", await lines.ReadLineAsync().WaitAsync(Eventually.Patience));
        }

        await input.Writer.CompleteAsync();
        Assert.Equal(0, (await running).Code);
    }

    [Fact]
    public async Task No_more_is_read_ahead_than_the_buffer_says()
    {
        var input = new EndlessLines();
        var output = new NeverWritten();
        using var interrupt = new CancellationTokenSource();
        var running = Map(new Given { Input = input, Output = output, Token = interrupt.Token }, "images", "increment", "--buffer", "50");
        await output.Begun.WaitAsync(Eventually.Patience);
        await Eventually.IsTrue(() => input.Count > 50);

        // Time enough to read thousands of lines.
        await host.Images.Submit<int>("add", [1, 2]);

        // 50 that wait to be written, at most 50 that are being written, and one in the hand of the reader.
        Assert.InRange(input.Count, 51, 101);
        await interrupt.CancelAsync();
        Assert.Equal(ExitCode.Interrupted, (await running).Code);
    }

    [Fact]
    public async Task Interrupted_it_says_how_far_it_was_and_leaves_no_task_behind()
    {
        var input = new Pipe();
        var output = new Pipe();
        using var interrupt = new CancellationTokenSource();
        var running = Map(new Given { Input = input.Reader.AsStream(), Output = output.Writer.AsStream(), Token = interrupt.Token }, "images", "sleep");
        await input.Writer.WriteAsync("1\n60000\n60000\n"u8.ToArray());
        using var lines = new StreamReader(output.Reader.AsStream());
        Assert.NotNull(await lines.ReadLineAsync().WaitAsync(Eventually.Patience));
        await interrupt.CancelAsync();

        var ran = await running;
        Assert.Equal(ExitCode.Interrupted, ran.Code);
        Assert.Contains("interrupted: 3 lines were read and 1 of them done; the other 2 were cancelled", ran.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task On_a_terminal_the_end_says_how_much_and_how_fast()
    {
        var ran = await Map(Given.Lines("1", "2") with { Terminal = true }, "images", "increment");

        Assert.Equal(["2", "3"], ran.Lines);
        Assert.Contains("2 done, in ", ran.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_pool_that_is_not_there_is_answered_with_those_that_are()
    {
        var ran = await Map(Given.Lines("1"), "imags", "increment");

        Assert.Equal(ExitCode.Usage, ran.Code);
        Assert.Contains("the pools are images, pdf", ran.Error, StringComparison.Ordinal);
    }

    private sealed class EndlessLines : MemoryStream
    {
        private int count;

        public int Count => Volatile.Read(ref count);

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Interlocked.Increment(ref count);
            "1\n"u8.CopyTo(buffer.Span);
            return new ValueTask<int>(2);
        }
    }

    private sealed class NeverWritten : MemoryStream
    {
        private readonly TaskCompletionSource begun = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Begun => begun.Task;

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            begun.TrySetResult();
            if (cancellationToken.CanBeCanceled)
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
            }
        }
    }
}
