using System.Text.Json;
using WorkerHost.Sidecar.Commands;

namespace WorkerHost.Sidecar.Tests.Commands;

public sealed class SubmitTests(DataFixture host) : IClassFixture<DataFixture>
{
    private Task<Ran> Submit(params string[] arguments) => Submit(new Given(), arguments);

    private Task<Ran> Submit(Given given, params string[] arguments) => Ran.Async(given, ["submit", .. arguments, "--endpoint-file", host.File]);

    [Fact]
    public async Task The_result_is_written_as_it_is()
    {
        var ran = await Submit("images", "add", "1", "2");

        Assert.Equal((0, "3\n", ""), (ran.Code, ran.Output, ran.Error));
    }

    [Fact]
    public async Task An_argument_may_begin_with_a_dash_or_an_at_sign()
    {
        Assert.Equal("-1\n", (await Submit("images", "add", "-3", "2")).Output);
        Assert.Equal("\"@HOME --X\"\n", (await Submit("images", "upper", "\"@home --x\"")).Output);
    }

    [Fact]
    public async Task Bytes_go_in_and_come_out_as_they_are()
    {
        byte[] bytes = [0, 255, 10, 13, 27, 128];

        var ran = await Submit(new Given { Input = new MemoryStream(bytes) }, "images", "echo", "--input", "-");

        Assert.Equal(0, ran.Code);
        Assert.Equal(bytes, ran.Bytes);
    }

    [Fact]
    public async Task A_task_without_a_result_has_null()
    {
        var ran = await Submit("images", "nothing");

        Assert.Equal((0, "null\n", ""), (ran.Code, ran.Output, ran.Error));
    }

    [Fact]
    public async Task As_JSON_the_result_has_its_worker_and_attempts_beside_it()
    {
        var ran = await Submit("images", "add", "1", "2", "--output", "json", "--id", "the-sum");

        var json = JsonDocument.Parse(ran.Output).RootElement;
        Assert.Equal(3, json.GetProperty("result").GetInt32());
        Assert.Equal("the-sum", json.GetProperty("id").GetString());
        Assert.StartsWith("images/", json.GetProperty("worker").GetString(), StringComparison.Ordinal);
        Assert.Equal(1, json.GetProperty("attempts").GetInt32());
    }

    [Fact]
    public async Task Items_are_written_one_by_one()
    {
        Assert.Equal(["0", "1", "2"], (await Submit("images", "count_each", "3", "--items")).Lines);
        Assert.Equal("[0,1,2]\n", (await Submit("images", "count_each", "3")).Output);
    }

    [Fact]
    public async Task A_failure_says_what_the_handler_threw_and_where()
    {
        var ran = await Submit("images", "throw_with_cause", "\"no luck\"", "\"full moon\"");

        Assert.Equal((ExitCode.Failed, ""), (ran.Code, ran.Output));
        Assert.Contains("TASK_FAILED", ran.Error, StringComparison.Ordinal);
        Assert.Contains("no luck", ran.Error, StringComparison.Ordinal);
        Assert.Contains("cause", ran.Error, StringComparison.Ordinal);
        Assert.Contains("full moon", ran.Error, StringComparison.Ordinal);
        Assert.Contains("worker  images/", ran.Error, StringComparison.Ordinal);
        Assert.Contains(" at ", ran.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_lost_worker_is_told_with_its_death_report()
    {
        var ran = await Submit("images", "exit", "42");

        Assert.Equal(ExitCode.Failed, ran.Code);
        Assert.Contains("WORKER_LOST", ran.Error, StringComparison.Ordinal);
        Assert.Contains("exit code 42", ran.Error, StringComparison.Ordinal);
        Assert.Contains("--idempotent", ran.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task As_JSON_a_failure_is_on_stdout_too()
    {
        var ran = await Submit("images", "throw", "\"no luck\"", "--output", "json");

        Assert.Equal((ExitCode.Failed, ""), (ran.Code, ran.Error));
        var error = JsonDocument.Parse(ran.Output).RootElement.GetProperty("error");
        Assert.Equal("TASK_FAILURE_KIND_TASK_FAILED", error.GetProperty("kind").GetString());
        Assert.Equal("no luck", error.GetProperty("error").GetProperty("message").GetString());
    }

    [Fact]
    public async Task Names_that_are_not_there_are_wrong_usage_and_answered_with_those_that_are()
    {
        var pool = await Submit("imags", "add", "1", "2");
        var task = await Submit("images", "ad", "1", "2");

        Assert.Equal(ExitCode.Usage, pool.Code);
        Assert.Contains("the pools are images, pdf", pool.Error, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Usage, task.Code);
        Assert.Contains("UNKNOWN_TASK", task.Error, StringComparison.Ordinal);
        Assert.Contains("workerhost tasks images", task.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_time_limit_that_passes_is_told()
    {
        var ran = await Submit("images", "sleep", "60000", "--time-limit", "100ms");

        Assert.Equal(ExitCode.Failed, ran.Code);
        Assert.Contains("DEADLINE_EXCEEDED", ran.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Whoever_interrupts_it_cancels_the_task()
    {
        using var interrupt = new CancellationTokenSource();
        var given = new Given { Token = interrupt.Token, Terminal = true };
        var running = Submit(given, "images", "report_and_wait", "0.5", "\"half of it\"", "\"/nowhere/at/all\"");
        await Eventually.IsTrue(() => given.Error.ToString().Contains("50 % half of it", StringComparison.Ordinal));
        await interrupt.CancelAsync();

        var ran = await running;
        Assert.Equal(ExitCode.Interrupted, ran.Code);
        Assert.Contains("was cancelled", ran.Error, StringComparison.Ordinal);
        await Eventually.IsTrue(() => host.Images.UnsettledTasks == 0);
    }

    [Fact]
    public async Task On_a_terminal_it_says_how_far_the_task_is()
    {
        var ran = await Submit(new Given { Terminal = true }, "images", "report", "3");

        Assert.Contains("report runs on images/", ran.Error, StringComparison.Ordinal);
        Assert.EndsWith("\e[K", ran.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_tasks_of_a_pool_can_be_listed()
    {
        var ran = await Ran.Async("tasks", "pdf", "--endpoint-file", host.File);

        Assert.Equal(0, ran.Code);
        Assert.Contains(ran.Lines, static line => line.StartsWith("add  ", StringComparison.Ordinal) && line.Contains("application/json", StringComparison.Ordinal));
        Assert.Contains(ran.Lines, static line => line.StartsWith("count_each ", StringComparison.Ordinal) && line.EndsWith("yields items", StringComparison.Ordinal));
    }
}
