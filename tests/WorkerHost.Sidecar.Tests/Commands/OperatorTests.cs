using System.IO.Pipelines;
using System.Text.Json;
using System.Text.RegularExpressions;
using WorkerHost.Sidecar.Commands;

namespace WorkerHost.Sidecar.Tests.Commands;

/// <summary>What operators ask of a host and do to it, by its commands.</summary>
public sealed partial class OperatorTests(OperatorFixture host) : IClassFixture<OperatorFixture>, IAsyncLifetime
{
    // Whatever another test has done to them.
    public async ValueTask InitializeAsync() => await Eventually.IsTrue(
        () => host.Images.Workers.Count(static w => w.State == SlotState.Ready) == 2 && host.Images.Workers.Count == 2, "both workers are ready");

    public ValueTask DisposeAsync() => default;

    private Task<Ran> Run(params string[] arguments) => Run(new Given(), arguments);

    private Task<Ran> Run(Given given, params string[] arguments) => Ran.Async(given, [.. arguments, "--endpoint-file", host.File]);

    [Fact]
    public async Task Workers_are_listed_with_what_they_do()
    {
        var ran = await Run("workers", "images");

        Assert.Equal((0, 3), (ran.Code, ran.Lines.Count));
        Assert.Equal("WORKER STATE PID READY FOR RUNS DONE MEMORY NOTE", Blanks().Replace(ran.Lines[0], " "));
        Assert.Matches(@"^images/0#\d+ ready \d+ \d+\w 0 \d+ ([\d.]+ MiB|-)", Blanks().Replace(ran.Lines[1], " "));
    }

    [Fact]
    public async Task On_a_terminal_workers_are_a_table_and_events_have_colours()
    {
        RequiredTool.Demand(File.Exists("/usr/bin/python3"), "python3");
        var (code, output, _) = await BuiltProgram.OnTerminal("\"$WORKERHOST\" workers && \"$WORKERHOST\" events images", host.File);

        Assert.Equal(0, code);
        Assert.Contains("\e[1mWORKER\e[0m", output, StringComparison.Ordinal);
        Assert.Matches(@"images/0#\d+ +│? *\x1b\[32mready\x1b\[0m", output);
        Assert.Matches(@"\x1b\[\d+m\d\d:\d\d:\d\d\.\d{3} \x1b\[0m\x1b\[1mimages", output);
        Assert.All(output[..output.IndexOf("images \e[0m", StringComparison.Ordinal)].Split('\n'), static line => Assert.InRange(Escapes().Replace(line, "").TrimEnd('\r').Length, 0, 100));
    }

    [Fact]
    public async Task A_worker_that_cannot_be_started_says_when_it_is_tried_again_and_why()
    {
        var ran = await Run("workers", "pdf");

        Assert.Matches("(backing off|crash looping|starting) ", ran.Lines[1]);
        await Eventually.IsTrue(() => Run("workers", "pdf").GetAwaiter().GetResult().Lines[1].Contains("BootFailure", StringComparison.Ordinal));
    }

    [Fact]
    public async Task As_JSON_a_list_is_the_answer_of_the_contract()
    {
        var ran = await Run("workers", "images", "--output", "json");

        var workers = JsonDocument.Parse(ran.Output).RootElement.GetProperty("workers").EnumerateArray().ToList();
        Assert.Equal(2, workers.Count);
        Assert.Equal("images", workers[0].GetProperty("pool").GetString());
        Assert.Equal("WORKER_STATE_READY", workers[0].GetProperty("state").GetString());
    }

    [Fact]
    public async Task Pools_are_listed_with_the_reason_why_one_is_not_ready()
    {
        var ran = await Run("pools");

        Assert.Matches(@"^images +ready +2 of 2 ", ran.Lines[1]);
        Assert.Matches(@"^pdf +not ready +0 of 1 .+\w", ran.Lines[2]);
    }

    [Fact]
    public async Task Wait_ends_at_once_where_there_is_nothing_to_wait_for()
    {
        Assert.Equal((0, "", ""), await Run("wait", "images") is var ready ? (ready.Code, ready.Output, ready.Error) : default);
        Assert.Equal(0, (await Run("wait", "images", "--idle", "--timeout", "0s")).Code);
    }

    [Fact]
    public async Task Wait_ends_when_time_is_up_and_says_what_is_missing()
    {
        var ran = await Run("wait", "--timeout", "0s");

        Assert.Equal(ExitCode.TryAgain, ran.Code);
        Assert.Contains("pool pdf: ", ran.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Wait_waits_for_a_host_that_is_not_there_yet()
    {
        var later = Path.Combine(Path.GetDirectoryName(host.File)!, "later.json");
        Assert.Equal(ExitCode.Unreachable, (await Ran.Async("wait", "images", "--timeout", "0s", "--endpoint-file", later)).Code);
        var given = new Given { Terminal = true };
        var waiting = Ran.Async(given, "wait", "images", "--endpoint-file", later);
        await Eventually.IsTrue(() => given.Error.ToString().Contains("no host is known", StringComparison.Ordinal));
        File.Copy(host.File, later);

        Assert.Equal(0, (await waiting).Code);
    }

    [Fact]
    public async Task Wait_for_idle_ends_with_the_last_task()
    {
        using var stop = new CancellationTokenSource();
        var task = host.Images.Submit("sleep", [60_000], cancellationToken: stop.Token);
        var given = new Given { Terminal = true };
        var waiting = Run(given, "wait", "images", "--idle");
        await Eventually.IsTrue(() => given.Error.ToString().Contains("pool images has 1 tasks", StringComparison.Ordinal));
        await stop.CancelAsync();

        Assert.Equal(0, (await waiting).Code);
        await task.Settled;
    }

    [Fact]
    public async Task A_pool_or_worker_that_is_not_there_is_answered_with_those_that_are()
    {
        foreach (var arguments in new[] { ["workers", "imags"], ["restart", "imags"], ["wait", "imags"], ["scale", "imags", "3"], new[] { "pause", "imags" } })
        {
            var ran = await Run(arguments);
            Assert.Equal(ExitCode.Usage, ran.Code);
            Assert.Contains("images, pdf", ran.Error, StringComparison.Ordinal);
        }

        var drain = await Run("drain", "images/77");
        Assert.Equal(ExitCode.Usage, drain.Code);
        Assert.Contains("images/0#", drain.Error, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Usage, (await Run("kill", "whoever")).Code);
        Assert.Equal(ExitCode.Usage, (await Run("restart")).Code);
    }

    [Fact]
    public async Task A_worker_is_drained_killed_and_all_are_restarted()
    {
        var before = (await Run("workers", "images")).Lines.Skip(1).Select(static l => l.Split(' ')[0]).ToList();

        var drained = await Run("drain", before[0]);
        Assert.Equal((0, $"{before[0]} has finished and is gone\n"), (drained.Code, drained.Output));

        var killed = await Run("kill", before[1], "--grace", "0s", "--reason", "for a test");
        Assert.Equal(0, killed.Code);
        Assert.StartsWith($"{before[1]} is gone\n", killed.Output, StringComparison.Ordinal);
        Assert.Contains("for a test", killed.Output, StringComparison.Ordinal);

        Assert.Equal(0, (await Run("wait", "images")).Code);
        var between = (await Run("workers", "images")).Lines.Skip(1).Select(static l => l.Split(' ')[0]).ToList();
        var restarted = await Run("restart", "images", "--rolling");
        Assert.Equal((0, "every worker of images was replaced\n"), (restarted.Code, restarted.Output));
        var restartedWorkers = await Run("workers", "images");
        var after = restartedWorkers.Lines.Skip(1).Select(static l => l.Split(' ')[0]).ToList();
        Assert.DoesNotContain("died", restartedWorkers.Output, StringComparison.Ordinal);
        Assert.Empty(before.Intersect(between));
        Assert.Empty(between.Intersect(after));
    }

    [Fact]
    public async Task A_pool_is_scaled_and_scaled_back()
    {
        Assert.Equal("images has 3 workers now; before 2\n", (await Run("scale", "images", "3")).Output);
        Assert.Equal("images has 2 workers now; before 3\n", (await Run("scale", "images", "2")).Output);
        Assert.Equal(3, (await Run("workers", "images")).Lines.Count);
    }

    [Fact]
    public async Task A_pool_is_paused_and_resumed()
    {
        Assert.Equal("images is paused\n", (await Run("pause", "images")).Output);
        try
        {
            Assert.Matches("^images +paused ", (await Run("pools")).Lines[1]);
        }
        finally
        {
            Assert.Equal("images begins tasks again\n", (await Run("resume", "images")).Output);
        }

        Assert.Equal("images was not paused\n", (await Run("resume", "images")).Output);
    }

    [Fact]
    public async Task A_quarantined_task_is_listed_and_released()
    {
        var poison = host.Images.Submit("segv", options: new TaskOptions { Id = "poison-1", Idempotent = true });
        Assert.Equal(TaskFailureKind.Quarantined, (await Assert.ThrowsAsync<TaskException>(async () => await poison)).Kind);

        var listed = await Run("quarantine", "list");
        Assert.Matches("^images +segv +poison-1 +2 +Crash, SIGSEGV", listed.Lines[1]);
        Assert.Equal("poison-1 may be submitted to images again\n", (await Run("quarantine", "release", "images", "poison-1")).Output);
        Assert.Equal(ExitCode.Usage, (await Run("quarantine", "release", "images", "poison-1")).Code);
        Assert.Equal(0, (await Run("wait", "images")).Code);
    }

    [Fact]
    public async Task Explanations_are_sentences()
    {
        var readiness = await Run("explain", "readiness", "pdf");
        Assert.Equal(0, readiness.Code);
        Assert.Contains("pdf", readiness.Output, StringComparison.Ordinal);
        Assert.Equal(0, (await Run("explain", "worker", "images/0")).Code);
        Assert.Equal(ExitCode.Usage, (await Run("explain", "task", "no-such-task")).Code);
    }

    [Fact]
    public async Task A_reload_says_what_became_of_each_pool() => Assert.Equal(
        "replaced: images\nunchanged: pdf\nchanged, and counts after a restart of the host: data:tcp\n",
        (await Run("reload")).Output);

    [Fact]
    public async Task Events_that_are_kept_are_shown_and_it_ends()
    {
        var ran = await Run("events", "images");

        Assert.Equal((0, ""), (ran.Code, ran.Error));
        Assert.Contains(ran.Lines, static line => EventLine().IsMatch(line) && line.Contains("  ready  ", StringComparison.Ordinal));
        Assert.DoesNotContain(ran.Lines, static line => line.Contains(" pdf ", StringComparison.Ordinal));

        var times = (await Run("events")).Lines.Select(static line => line[..24]).ToList();
        Assert.Equal(times.Order(StringComparer.Ordinal), times);
    }

    [Fact]
    public async Task Followed_events_come_as_they_happen_and_go_on_at_their_cursor()
    {
        var output = new Pipe();
        using var interrupt = new CancellationTokenSource();
        var following = Run(new Given { Output = output.Writer.AsStream(), Token = interrupt.Token }, "events", "images", "--follow", "--new", "--output", "json");
        using var lines = new StreamReader(output.Reader.AsStream());
        var first = JsonDocument.Parse((await lines.ReadLineAsync().WaitAsync(Eventually.Patience))!).RootElement;

        await Run("kill", "images/1", "--grace", "0s", "--reason", "to be seen");
        string cursor;
        JsonElement seen;
        do
        {
            seen = JsonDocument.Parse((await lines.ReadLineAsync().WaitAsync(Eventually.Patience))!).RootElement;
            cursor = seen.GetProperty("cursor").GetString()!;
        }
        while (seen.GetProperty("event").GetProperty("kind").GetString() != "died");

        Assert.Contains("to be seen", seen.GetProperty("event").GetProperty("death").GetProperty("reason").GetString(), StringComparison.Ordinal);
        await interrupt.CancelAsync();
        Assert.Equal(ExitCode.Interrupted, (await following).Code);

        // From the first cursor on it is seen again, from its own on no more.
        Assert.Contains("to be seen", (await Run("events", "--after", first.GetProperty("cursor").GetString()!)).Output, StringComparison.Ordinal);
        Assert.DoesNotContain("to be seen", (await Run("events", "--after", cursor)).Output, StringComparison.Ordinal);
        Assert.Equal(0, (await Run("wait", "images")).Code);
    }

    [Fact]
    public async Task What_is_no_cursor_is_told_with_what_is_and_with_nothing_to_go_on_from()
    {
        var ran = await Run("events", "--after", "xxx");

        Assert.Equal(ExitCode.Usage, ran.Code);
        Assert.StartsWith("workerhost: --after 'xxx' is no cursor; allowed: the text that --output json has as \"cursor\"", ran.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("to go on here", ran.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Over_TCP_a_token_is_wanted_and_shown()
    {
        var address = JsonDocument.Parse(await File.ReadAllTextAsync(host.File)).RootElement.GetProperty("admin")[1].GetString()!;
        var without = await Ran.Async("pools", "--host", address);
        Assert.Equal(ExitCode.NoPermission, without.Code);
        Assert.Contains("--token-file", without.Error, StringComparison.Ordinal);
        Assert.Equal(0, (await Ran.Async("pools", "--host", address, "--token-file", host.TokenFile)).Code);
        Assert.Equal(ExitCode.NoPermission, (await Ran.Async("pools", "--host", address, "--token-file", host.File)).Code);
    }

    [Fact]
    public async Task Tasks_are_nothing_for_the_admin_plane()
    {
        var address = JsonDocument.Parse(await File.ReadAllTextAsync(host.File)).RootElement.GetProperty("admin")[0].GetString()!;
        var ran = await Ran.Async("submit", "images", "add", "1", "2", "--host", address);

        Assert.Equal(ExitCode.Usage, ran.Code);
        Assert.Contains("data plane", ran.Error, StringComparison.Ordinal);
    }

    [GeneratedRegex(@"\x1b\[[?\d;]*[a-zA-Z]|\x1b[=>]")]
    private static partial Regex Escapes();

    [GeneratedRegex(" +")]
    private static partial Regex Blanks();

    [GeneratedRegex(@"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}Z  (debug|info|warn|error|crit)")]
    private static partial Regex EventLine();
}
