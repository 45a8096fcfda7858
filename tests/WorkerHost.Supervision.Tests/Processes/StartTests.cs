using System.Diagnostics;
using Microsoft.Extensions.Logging;

namespace WorkerHost.Supervision.Tests.Processes;

public sealed class StartTests
{
    [Fact]
    public async Task A_worker_whose_health_says_serving_is_ready()
    {
        await using var supervised = await Supervised.StartAsync(Supervised.Dummy());
        var ready = await supervised.ReadyAsync();
        var status = Assert.Single(supervised.Supervisor.Workers);
        Assert.Equal(new WorkerId("default", 0, 1), ready.Id);
        Assert.Equal(ready.Pid, status.Pid);
        Assert.Equal(SlotState.Ready, status.State);
        Assert.NotNull(status.ReadyAt);
        Assert.Contains("--workerhost-worker\0default\0", File.ReadAllText($"/proc/{ready.Pid}/cmdline"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_health_service_without_watch_is_asked_by_check()
    {
        await using var supervised = await Supervised.StartAsync(Supervised.Dummy("no-watch"));
        Assert.Equal(SlotState.Ready, supervised.Supervisor.Workers[0].State);
    }

    [Fact]
    public async Task A_worker_over_loopback_tcp_is_reached_with_a_secret_that_nobody_sees_in_its_arguments_or_environment()
    {
        await using var supervised = await Supervised.StartAsync(Supervised.Dummy(), new SupervisorOptions { Workers = 1, Transport = WorkerTransport.LoopbackTcp });
        var ready = await supervised.ReadyAsync();
        Assert.Equal("http", ready.Address.Scheme);
        Assert.True(ready.Secret!.Length >= 32);
        Assert.DoesNotContain(ready.Secret, File.ReadAllText($"/proc/{ready.Pid}/cmdline"), StringComparison.Ordinal);
        Assert.DoesNotContain(ready.Secret, File.ReadAllText($"/proc/{ready.Pid}/environ"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_private_directory_is_closed_to_others()
    {
        await using var supervised = await Supervised.StartAsync(Supervised.Dummy());
        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute,
            File.GetUnixFileMode(supervised.Supervisor.Directory));
    }

    [Fact]
    [Trait("Scenario", "20")]
    public async Task A_command_that_is_not_there_fails_at_once_and_names_it()
    {
        var clock = Stopwatch.StartNew();
        var error = await Supervised.FailToStartAsync(WorkerCommand.Create("/opt/no/such/worker", "-x"), new SupervisorOptions { Workers = 3 });
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(2), $"took {clock.Elapsed}");
        Assert.Equal(3, error.Deaths.Length);
        Assert.All(error.Deaths, d => Assert.Equal(DeathCause.BootFailure, d.Cause));
        Assert.Contains("'/opt/no/such/worker': not found", error.Message, StringComparison.Ordinal);
        Assert.Contains("default/0#1, default/1#1, default/2#1", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Scenario", "20")]
    public async Task A_bare_name_that_is_not_in_the_path_fails_and_says_where_was_looked()
    {
        var error = await Supervised.FailToStartAsync(WorkerCommand.Create("no-such-worker-anywhere"));
        Assert.Contains("'no-such-worker-anywhere': not found in PATH (", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Scenario", "20")]
    public async Task A_command_that_is_not_executable_fails_and_says_so()
    {
        using var directory = new TemporaryDirectory();
        var path = directory.File("worker.sh", "#!/bin/sh\nexit 0\n");
        var error = await Supervised.FailToStartAsync(WorkerCommand.Create(path));
        Assert.Contains($"'{path}': not executable", error.Message, StringComparison.Ordinal);
        error = await Supervised.FailToStartAsync(WorkerCommand.Create(directory.Path));
        Assert.Contains("is a directory", error.Message, StringComparison.Ordinal);
        var link = Path.Combine(directory.Path, "link");
        File.CreateSymbolicLink(link, "/no/such/program");
        error = await Supervised.FailToStartAsync(WorkerCommand.Create(link));
        Assert.Contains($"'{link}': leads to nothing", error.Message, StringComparison.Ordinal);
        error = await Supervised.FailToStartAsync(WorkerCommand.Create("true") with { WorkingDirectory = path });
        Assert.Contains($"'{path}': is no directory", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Scenario", "20")]
    public async Task A_command_for_another_processor_fails_with_the_kernels_word_and_is_not_fed_to_a_shell()
    {
        using var directory = new TemporaryDirectory();
        var path = directory.File("worker", "", executable: true);
        var elf = File.ReadAllBytes("/bin/true");
        elf[18] = 0xF7;
        elf[19] = 0x00;
        File.WriteAllBytes(path, elf);
        var error = await Supervised.FailToStartAsync(WorkerCommand.Create(path));
        Assert.Contains(path, error.Message, StringComparison.Ordinal);
        Assert.Contains("Exec format error", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Scenario", "20")]
    public async Task A_command_that_is_far_too_long_is_not_told_in_full()
    {
        var error = await Supervised.FailToStartAsync(WorkerCommand.Create("true", new string('x', 3_000_000)));
        Assert.Contains("characters more)", error.Message, StringComparison.Ordinal);
        Assert.InRange(error.Message.Length, 1, 4000);
    }

    [Fact]
    [Trait("Scenario", "20")]
    public async Task A_logger_factory_that_throws_leaves_nothing_behind()
    {
        using var directory = new TemporaryDirectory();
        var options = new SupervisorOptions { Workers = 1, Directory = directory.Path };
        var error = await Assert.ThrowsAsync<NotSupportedException>(() => Supervisor.StartAsync(
            Supervised.Dummy(), options, null, new NoLoggers(), TestContext.Current.CancellationToken));
        Assert.Equal("no loggers", error.Message);
        Assert.Empty(Directory.EnumerateFileSystemEntries(directory.Path));
    }

    [Fact]
    [Trait("Scenario", "20")]
    public async Task A_file_of_no_format_is_not_fed_to_a_shell_either()
    {
        using var directory = new TemporaryDirectory();
        var error = await Supervised.FailToStartAsync(WorkerCommand.Create(directory.File("worker", "echo never run\n", executable: true)));
        Assert.Contains("Exec format error", error.Message, StringComparison.Ordinal);
        Assert.Contains("begins with #!", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Scenario", "20")]
    public async Task A_program_that_is_no_worker_is_suspected_to_be_none()
    {
        var error = await Supervised.FailToStartAsync(WorkerCommand.Create("/bin/true"));
        Assert.Equal("it ended without having served anything; is the command a worker (WorkerApplication)?", Assert.Single(error.Deaths).Reason);
    }

    [Fact]
    [Trait("Scenario", "20")]
    public async Task A_script_whose_interpreter_is_missing_fails_with_exit_status_and_last_words()
    {
        using var directory = new TemporaryDirectory();
        var path = directory.File("worker", "#!/no/such/interpreter\n", executable: true);
        var error = await Supervised.FailToStartAsync(WorkerCommand.Create(path));
        Assert.Contains("exit code 127", error.Message, StringComparison.Ordinal);
        Assert.Contains(path, error.Deaths[0].LastOutput[^1], StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Scenario", "20")]
    public async Task A_missing_working_directory_is_named()
    {
        var error = await Supervised.FailToStartAsync(Supervised.Shell("exit 0") with { WorkingDirectory = "/no/such/place" });
        Assert.Contains("/no/such/place", error.Message, StringComparison.Ordinal);
        Assert.Contains("WorkingDirectory", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_worker_runs_in_its_working_directory()
    {
        using var directory = new TemporaryDirectory();
        var error = await Supervised.FailToStartAsync(Supervised.Shell("pwd >&2; exit 3") with { WorkingDirectory = directory.Path });
        Assert.Equal([directory.Path], error.Deaths[0].LastOutput);
        Assert.Equal(3, error.Deaths[0].ExitCode);
    }

    [Fact]
    [Trait("Scenario", "21")]
    public async Task A_worker_that_never_becomes_ready_is_killed_with_its_children_and_its_steps_are_told()
    {
        var error = await Supervised.FailToStartAsync(
            Supervised.Shell("sleep 1000 & echo $! >&2; sleep 1000"),
            new SupervisorOptions { Workers = 1, BootTimeout = TimeSpan.FromMilliseconds(300) });
        var death = Assert.Single(error.Deaths);
        Assert.Equal(DeathCause.BootTimeout, death.Cause);
        Assert.Equal("SIGKILL", death.Signal);
        Assert.Contains("not ready after 300 ms (BootTimeout)", death.Reason, StringComparison.Ordinal);
        var step = Assert.Single(death.BootSteps);
        Assert.Equal("process", step.Name);
        Assert.Equal(step.After, step.Took);
        Assert.Null(death.ReadyFor);
        Assert.Contains($"steps reached: {step}", error.Message, StringComparison.Ordinal);
        Assert.Contains($"steps reached: {step}", death.ToString(), StringComparison.Ordinal);
        Assert.Contains("its socket does not exist", death.Reason, StringComparison.Ordinal);
        Facts.AssertGone(int.Parse(death.LastOutput[0], System.Globalization.CultureInfo.InvariantCulture));
    }

    [Fact]
    [Trait("Scenario", "21")]
    [Trait("Category", "Slow")]
    public async Task A_worker_that_listens_but_never_serves_is_reported_as_just_that()
    {
        var error = await Supervised.FailToStartAsync(
            Supervised.Dummy("not-serving"),
            new SupervisorOptions { Workers = 1, BootTimeout = TimeSpan.FromSeconds(8) });
        Assert.Contains("connected", error.Deaths[0].BootSteps.Select(s => s.Name));
        Assert.Contains("health says NotServing", error.Deaths[0].Reason, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Scenario", "47")]
    public async Task A_cancelled_start_leaves_nothing_behind_and_gives_no_grace_to_a_worker_that_was_never_ready()
    {
        using var directory = new TemporaryDirectory();
        using var cancel = new CancellationTokenSource();
        using var log = new RecordingLoggers();
        var start = Supervisor.StartAsync(
            Supervised.Shell("trap '' TERM; echo $$; sleep 1000 & wait"),
            new SupervisorOptions { Workers = 1, Directory = directory.Path, TerminateGrace = Facts.Hang * 2 },
            null,
            log,
            cancel.Token);
        var line = await log.Output("stdout").Soon();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => start.Soon());
        Facts.AssertGone(int.Parse(line.Text.Split(' ')[^1], System.Globalization.CultureInfo.InvariantCulture));
        Assert.Empty(Directory.EnumerateFileSystemEntries(directory.Path));
    }

    [Fact]
    [Trait("Scenario", "46")]
    public async Task Workers_survive_the_end_of_the_thread_that_asked_for_them()
    {
        Task<Supervised>? start = null;
        var asker = new Thread(() => start = Supervised.StartAsync(Supervised.Dummy()));
        asker.Start();
        asker.Join();
        await using var supervised = await start!;
        var ready = await supervised.ReadyAsync();

        // Every thread of the pool that had a part in the start may retire; the forking one must not be among them.
        var tasks = Directory.GetDirectories("/proc/self/task").Select(t => File.ReadAllText(Path.Combine(t, "comm")).TrimEnd());
        Assert.Contains("workerhost-spaw", tasks);
        Assert.True(Facts.IsAlive(ready.Pid));
        Assert.Equal(1, supervised.Supervisor.Workers[0].Id.Incarnation);
    }

    private sealed class NoLoggers : ILoggerFactory
    {
        public ILogger CreateLogger(string categoryName) => throw new NotSupportedException("no loggers");

        public void AddProvider(ILoggerProvider provider)
        {
        }

        public void Dispose()
        {
        }
    }
}
