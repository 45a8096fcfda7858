using System.Text;

namespace WorkerHost.Supervision.Tests.Native;

public sealed class ChildProcessTests
{
    public static TheoryData<bool> BothWays => [true, false];

    [Theory]
    [MemberData(nameof(BothWays))]
    public async Task Exit_137_and_SIGKILL_are_told_apart(bool withoutPidfd)
    {
        var byExit = await RunAsync("exit 137", withoutPidfd);
        Assert.Equal((137, null), (byExit.Facts.ExitCode, byExit.Facts.Signal));
        var bySignal = await RunAsync("kill -KILL $$", withoutPidfd);
        Assert.Equal((null, 9), (bySignal.Facts.ExitCode, bySignal.Facts.Signal));
    }

    [Theory]
    [MemberData(nameof(BothWays))]
    public async Task All_output_before_the_exit_arrives_before_it(bool withoutPidfd)
    {
        var run = await RunAsync("i=0; while [ $i -lt 3000 ]; do echo line $i; i=$((i+1)); done; echo oops >&2", withoutPidfd);
        Assert.Equal(string.Concat(Enumerable.Range(0, 3000).Select(i => $"line {i}\n")), run.Stdout.ToString());
        Assert.Equal("oops\n", run.Stderr.ToString());
    }

    [Fact]
    public async Task It_leads_its_own_session_with_default_signals_and_three_descriptors()
    {
        // The shell reads its own status: while it starts another program it blocks all signals for a moment.
        var run = await RunAsync(
            "cut -d' ' -f1,5,6 /proc/$$/stat; while read -r line; do case $line in SigBlk*|SigIgn*) echo \"$line\";; esac; done < /proc/$$/status; ls /proc/$$/fd; :", false);
        var lines = run.Stdout.ToString().Split('\n');
        var ids = lines[0].Split(' ');
        Assert.Equal(ids[0], ids[1]);
        Assert.Equal(ids[0], ids[2]);
        Assert.Equal("SigBlk:\t0000000000000000", lines[1]);

        // 32 and 33 are glibc's own; it ignores them in what it spawns.
        Assert.Equal(0UL, Convert.ToUInt64(lines[2].Split('\t')[1], 16) & 0x7FFF_FFFF);
        Assert.Equal(["0", "1", "2", ""], lines[3..]);
    }

    [Fact]
    public async Task Its_stdin_holds_the_first_line_and_then_stays_open_until_closed()
    {
        var run = new Run();
        var child = await SpawnThread.Shared.SpawnAsync(Request("read -r x; echo got $x; read -r y || echo end", "hello\n"u8.ToArray()), run).Soon();
        await run.Line.Task.Soon();
        Assert.Equal("got hello\n", run.Stdout.ToString());
        child.CloseLifeline();
        await run.Exit.Task.Soon();
        Assert.Equal("got hello\nend\n", run.Stdout.ToString());
        child.CloseLifeline();
    }

    [Fact]
    [Trait("Scenario", "48")]
    public async Task A_signal_after_the_end_goes_nowhere()
    {
        var run = new Run();
        var child = await SpawnThread.Shared.SpawnAsync(Request("exit 0"), run).Soon();
        await run.Exit.Task.Soon();
        child.Signal(SignalNames.Kill, group: true);
        child.Signal(SignalNames.Kill, group: false);
        Assert.False(File.Exists($"/proc/{child.Pid}/stat") && File.ReadAllText($"/proc/{child.Pid}/stat").Contains(") Z", StringComparison.Ordinal), "a zombie stayed");
    }

    [Fact]
    [Trait("Scenario", "48")]
    public async Task A_recycled_number_is_never_signalled()
    {
        // In a pid namespace of its own: numbers that come again at once would confuse every other test, and everybody else here.
        const string LastPid = "/proc/sys/kernel/ns_last_pid";
        const string Inside = "WORKERHOST_TEST_OWN_PIDS";
        Assert.SkipUnless(Libc.geteuid() == 0 && File.Exists(LastPid), "only root can choose the number of the next process");
        if (Environment.GetEnvironmentVariable(Inside) is null)
        {
            var again = new System.Diagnostics.ProcessStartInfo("unshare", [
                "--pid", "--fork", "--kill-child", "--mount-proc", Environment.ProcessPath!, "-method", $"{typeof(ChildProcessTests).FullName}.{nameof(A_recycled_number_is_never_signalled)}"])
            { RedirectStandardOutput = true };
            again.Environment[Inside] = "1";
            using var inside = System.Diagnostics.Process.Start(again)!;
            var said = await inside.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken).Soon();
            await inside.WaitForExitAsync(TestContext.Current.CancellationToken).Soon();
            Assert.True(inside.ExitCode == 0 && said.Contains("Total: 1, Errors: 0, Failed: 0, Skipped: 0", StringComparison.Ordinal), said);
            return;
        }

        var run = new Run();
        var child = await SpawnThread.Shared.SpawnAsync(Request("exit 0"), run).Soon();
        await run.Exit.Task.Soon();
        Run? stranger = null;
        ChildProcess? impostor = null;
        try
        {
            // Others start processes too; but the number is free, and sooner or later it is ours to take.
            for (var i = 0; i < 1000 && impostor?.Pid != child.Pid; i++)
            {
                impostor?.Signal(SignalNames.Kill, group: true);
                File.WriteAllText(LastPid, (child.Pid - 1).ToString(System.Globalization.CultureInfo.InvariantCulture));
                stranger = new Run();
                impostor = await SpawnThread.Shared.SpawnAsync(Request("sleep 1000"), stranger).Soon();
            }

            Assert.Equal(child.Pid, impostor!.Pid);
            child.Signal(SignalNames.Kill, group: true);
            child.Signal(SignalNames.Kill, group: false);
            Assert.True(Facts.IsAlive(impostor.Pid));
            Assert.False(stranger!.Exit.Task.IsCompleted);
        }
        finally
        {
            impostor?.Signal(SignalNames.Kill, group: true);
            await stranger!.Exit.Task.Soon();
        }
    }

    [Fact]
    [Trait("Scenario", "48")]
    public void Nobody_is_signalled_whom_somebody_else_has_reaped()
    {
        // Alive and no child of ours: what a number may stand for after a waitpid(-1) of somebody else.
        using var other = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo("sh", ["-c", "sleep 1000 >/dev/null & echo $!; wait"]) { RedirectStandardOutput = true })!;
        var stranger = int.Parse(other.StandardOutput.ReadLine()!, System.Globalization.CultureInfo.InvariantCulture);
        using var nothing = new InputPipe();
        new ChildProcess(ProcessIdentity.Holder(stranger), nothing).Signal(SignalNames.Kill, group: false);
        Assert.True(Facts.IsAlive(stranger));
        other.Kill(entireProcessTree: true);
        other.WaitForExit();
    }

    [Fact]
    public async Task A_listener_that_throws_stops_nothing()
    {
        var run = new Run { Throw = true };
        await SpawnThread.Shared.SpawnAsync(Request("echo x; exit 7"), run).Soon();
        Assert.Equal(7, (await run.Exit.Task.Soon()).ExitCode);
        Assert.NotNull(run.Fault);
    }

    [Fact]
    public void An_end_whose_status_is_not_ours_to_read_is_unknown_and_not_guessed() =>
        Assert.Same(ExitFacts.Unknown, ChildExit.Peek(1, block: false));

    [Fact]
    public async Task The_peak_memory_of_a_large_child_is_known_and_that_of_a_small_one_is_not_made_up()
    {
        var small = await RunAsync("exit 0", false);
        Assert.Null(small.Peak);
        var large = await RunAsync("head -c 600000000 /dev/zero | tail -c 599999999 >/dev/null", false);
        Assert.True(large.Peak is null or > 100_000_000);
    }

    private static SpawnRequest Request(string script, byte[]? input = null) => new()
    {
        Executable = "/bin/sh",
        Arguments = ["sh", "-c", script],
        Environment = ["PATH=/usr/bin:/bin"],
        FirstInput = input,
    };

    private static async Task<Run> RunAsync(string script, bool withoutPidfd)
    {
        var run = new Run();
        await SpawnThread.Shared.SpawnAsync(Request(script) with { WithoutPidfd = withoutPidfd }, run).Soon();
        await run.Exit.Task.Soon();
        return run;
    }

    private sealed class Run : ChildListener
    {
        public bool Throw { get; init; }

        public StringBuilder Stdout { get; } = new();

        public StringBuilder Stderr { get; } = new();

        public TaskCompletionSource Line { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource<ExitFacts> Exit { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Exception? Fault { get; private set; }

        public ExitFacts Facts => Exit.Task.Result;

        public long? Peak { get; private set; }

        public override void Output(OutputStream stream, ReadOnlySpan<byte> bytes)
        {
            if (Throw)
            {
                throw new InvalidOperationException("as asked");
            }

            (stream == OutputStream.Stdout ? Stdout : Stderr).Append(Encoding.UTF8.GetString(bytes));
            Line.TrySetResult();
        }

        public override void Exited(ExitFacts facts, long? peakMemoryBytes)
        {
            Peak = peakMemoryBytes;
            Exit.SetResult(facts);
        }

        public override void Faulted(Exception exception) => Fault = exception;
    }
}
