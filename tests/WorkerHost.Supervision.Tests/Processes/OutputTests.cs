using Microsoft.Extensions.Logging;

namespace WorkerHost.Supervision.Tests.Processes;

[Collection(nameof(Alone))]
[Trait("Scenario", "28")]
public sealed class OutputTests
{
    [Fact]
    public async Task Garbage_and_megabytes_without_newline_harm_nobody()
    {
        var error = await Supervised.FailToStartAsync(Supervised.Shell(
            "head -c 3000000 /dev/zero; head -c 3000000 /dev/urandom; head -c 5000000 /dev/zero | tr '\\0' x >&2; printf '\\nA\\0B\\033[31m\\n' >&2; exit 5"));
        var death = error.Deaths[0];
        Assert.Equal(5, death.ExitCode);
        const string last = "A\uFFFDB\uFFFD[31m";
        Assert.Equal([new string('x', OutputTail.MostBytes - last.Length), last], death.LastOutput);
    }

    [Fact]
    public async Task A_hundred_megabytes_on_stderr_block_no_worker_and_grow_no_memory()
    {
        using var directory = new TemporaryDirectory();
        using var log = new RecordingLoggers();
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var error = await Assert.ThrowsAsync<WorkerStartException>(() => Supervisor.StartAsync(
            Supervised.Shell("yes 'a line of output that nobody needs' | head -c 100000000 >&2; printf '\\ndone\\n' >&2; exit 6"),
            new SupervisorOptions { Workers = 1, Directory = directory.Path, OutputTailLines = 3 }, null, log, TestContext.Current.CancellationToken).Soon());
        var death = error.Deaths[0];
        Assert.Equal(6, death.ExitCode);
        Assert.Equal("done", death.LastOutput[^1]);
        Assert.Equal(3, death.LastOutput.Length);
        Assert.True(GC.GetTotalMemory(forceFullCollection: true) - before < 20_000_000);

        var lines = log.Lines.Where(l => l.Category == "WorkerHost.WorkerOutput").ToArray();
        Assert.InRange(lines.Length, 200, 200 + 100 * 70);
        Assert.Contains(lines, l => l.Text.Contains("lines of output suppressed", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_grandchild_that_holds_the_pipes_delays_no_death_report()
    {
        // The grandchild leaves its group (field 6 of stat is its session), so without a control group it survives the sweep, and holds stdout and stderr open.
        var error = await Supervised.FailToStartAsync(Supervised.Shell(
            "setsid sleep 30 & p=$!; while [ \"$(cut -d' ' -f6 /proc/$p/stat)\" != $p ]; do :; done; echo $p >&2; exit 4"),
            new SupervisorOptions { Workers = 1, Isolation = new IsolationOptions { ContainDescendants = false } });
        Assert.Equal(4, error.Deaths[0].ExitCode);
        var pid = int.Parse(error.Deaths[0].LastOutput[0], System.Globalization.CultureInfo.InvariantCulture);
        Assert.Equal(0, Libc.kill(pid, SignalNames.Kill));
    }

    [Fact]
    public async Task A_structured_line_is_logged_with_its_level_category_and_fields_and_a_broken_one_as_text()
    {
        using var directory = new TemporaryDirectory();
        using var log = new RecordingLoggers();
        await Assert.ThrowsAsync<WorkerStartException>(() => Supervisor.StartAsync(
            Supervised.Shell("""echo '{"EventId":7,"LogLevel":"Warning","Category":"Images","Message":"slow disk","State":{"Disk":"sda"}}'; echo '{"Message":"cut of'; exit 5"""),
            new SupervisorOptions { Workers = 1, Directory = directory.Path }, null, log, TestContext.Current.CancellationToken).Soon());
        var structured = Assert.Single(log.Lines, l => l.Category == "WorkerHost.WorkerOutput.Images");
        Assert.Equal((LogLevel.Warning, "default/0#1: slow disk", 7), (structured.Level, structured.Text, structured.Event));
        Assert.Contains(new KeyValuePair<string, object?>("Disk", "sda"), structured.State!);
        Assert.Contains(new KeyValuePair<string, object?>("Worker", new WorkerId("default", 0, 1)), structured.State!);
        Assert.Contains(log.Lines, l => l.Text == "default/0#1 stdout: {\"Message\":\"cut of");
    }

    [Fact]
    public async Task What_is_discarded_is_still_in_the_death_report()
    {
        using var directory = new TemporaryDirectory();
        using var log = new RecordingLoggers();
        var error = await Assert.ThrowsAsync<WorkerStartException>(() => Supervisor.StartAsync(
            Supervised.Shell("echo unseen; echo last words >&2; exit 5"),
            new SupervisorOptions { Workers = 1, Directory = directory.Path, Output = new OutputOptions { Mode = OutputMode.Discard } }, null, log, TestContext.Current.CancellationToken).Soon());
        Assert.Equal(["last words"], error.Deaths[0].LastOutput);
        Assert.DoesNotContain(log.Lines, l => l.Category == "WorkerHost.WorkerOutput");
    }

    [Fact]
    public async Task What_is_passed_through_comes_out_of_the_host()
    {
        using var directory = new TemporaryDirectory();
        var dummy = Path.Combine(AppContext.BaseDirectory, "WorkerHost.Supervision.Dummy");
        using var host = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo(dummy, ["host", directory.Path, "1", "pass-through", "grandchild"]) { RedirectStandardOutput = true })!;
        try
        {
            string? line;
            do
            {
                line = await host.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken).Soon();
                Assert.NotNull(line);
            }
            while (!line.StartsWith("grandchild ", StringComparison.Ordinal));
        }
        finally
        {
            host.Kill();
        }
    }

    [Fact]
    public async Task The_limits_are_those_asked_for_and_named_when_lines_are_left_out()
    {
        using var directory = new TemporaryDirectory();
        using var log = new RecordingLoggers();
        await Assert.ThrowsAsync<WorkerStartException>(() => Supervisor.StartAsync(
            Supervised.Shell("seq 1 1000; head -c 1000 /dev/zero | tr '\\0' y >&2; exit 5"),
            new SupervisorOptions { Workers = 1, Directory = directory.Path, Output = new OutputOptions { LinesAtOnce = 7, LinesPerSecond = 1, MaxLineBytes = 200 } }, null, log, TestContext.Current.CancellationToken).Soon());
        Assert.Contains(log.Lines, l => l.Text.Contains("lines of output suppressed (more than 1 per second and 7 at once", StringComparison.Ordinal));
        Assert.DoesNotContain(log.Lines, l => l.Category == "WorkerHost.WorkerOutput" && l.Text.Length > 300);
    }

    [Fact]
    public async Task Each_line_is_logged_with_worker_and_stream()
    {
        await using var supervised = await Supervised.StartAsync(Supervised.Dummy("grandchild"));
        var line = await supervised.Log.Output("grandchild");
        Assert.StartsWith("default/0#1 stdout: grandchild ", line.Text, StringComparison.Ordinal);
    }
}
