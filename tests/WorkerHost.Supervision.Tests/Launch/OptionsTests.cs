namespace WorkerHost.Supervision.Tests.Launch;

public sealed class OptionsTests
{
    [Fact]
    public void The_defaults_can_be_used() => Assert.Empty(SupervisorOptionsCheck.Find(new SupervisorOptions()));

    [Fact]
    public async Task All_wrong_options_are_told_at_once_with_value_and_what_is_allowed()
    {
        var options = new SupervisorOptions
        {
            PoolName = "no spaces",
            Workers = 0,
            Concurrency = 1025,
            BootTimeout = TimeSpan.Zero,
            DrainTimeout = TimeSpan.FromSeconds(-1),
            TerminateGrace = TimeSpan.FromDays(99),
            Restart = new RestartOptions
            {
                MinBackoff = TimeSpan.FromSeconds(2),
                MaxBackoff = TimeSpan.FromSeconds(1),
                StableAfter = TimeSpan.FromSeconds(-3),
                Intensity = -1,
                Period = TimeSpan.Zero,
            },
            Transport = (WorkerTransport)7,
            Directory = "/no/such/directory",
            InheritEnvironment = ["GOOD", "BAD=1"],
            MaxMessageBytes = 3,
            OutputTailLines = 1001,
            Output = new OutputOptions { Mode = (OutputMode)9, MaxLineBytes = 1, LinesPerSecond = 0, LinesAtOnce = 0 },
        };
        var error = await Assert.ThrowsAsync<ArgumentException>(() => Supervisor.StartAsync(WorkerCommand.Create("true"), options, cancellationToken: TestContext.Current.CancellationToken));
        string[] expected =
        [
            "PoolName is \"no spaces\"", "Workers is 0; allowed: 1 to 10000", "Concurrency is 1025; allowed: 1 to 1024", "BootTimeout is 0 ms; allowed: 1 ms to 24 days",
            "DrainTimeout is -1 s", "TerminateGrace is 99 days", "Restart.MaxBackoff is 1 s; allowed: at least Restart.MinBackoff",
            "Restart.StableAfter is -3 s", "Restart.Intensity is -1", "Restart.Period is 0 ms", "Transport is 7", "Directory is /no/such/directory",
            "InheritEnvironment is \"BAD=1\"", "MaxMessageBytes is 3", "OutputTailLines is 1001",
            "Output.Mode is 9; allowed: Log, PassThrough or Discard", "Output.MaxLineBytes is 1; allowed: 128 to 1048576", "Output.LinesPerSecond is 0", "Output.LinesAtOnce is 0",
        ];
        Assert.All(expected, text => Assert.Contains(text, error.Message, StringComparison.Ordinal));
        Assert.Equal(expected.Length, error.Message.Split(Environment.NewLine).Length - 1);
    }

    [Fact]
    public void Times_beyond_all_measure_are_told_like_any_other()
    {
        var wrong = SupervisorOptionsCheck.Find(new SupervisorOptions
        {
            InheritEnvironment = ["A*B", "C*"],
            Liveness = new LivenessOptions { HeartbeatInterval = TimeSpan.MaxValue, SuspectAfter = TimeSpan.MaxValue, DeadAfter = TimeSpan.MinValue },
        });
        string[] expected = ["Liveness.HeartbeatInterval", "Liveness.SuspectAfter", "Liveness.DeadAfter", "InheritEnvironment"];
        Assert.Equal(expected, wrong.Select(w => w.Split(' ')[0]));
    }

    [Fact]
    public async Task An_array_that_was_never_made_is_an_empty_one()
    {
        await using var supervised = await Supervised.StartAsync(Supervised.Dummy() with { Arguments = ["serve"] }, new SupervisorOptions
        {
            Workers = 1,
            InheritEnvironment = default,
            Isolation = new IsolationOptions { Launcher = default },
        });
        await supervised.ReadyAsync();
    }

    /// <summary>Root may write everywhere, as far as modes go, and only finds out by trying.</summary>
    [Fact]
    public async Task A_directory_in_which_none_can_be_made_is_named_with_its_option()
    {
        var error = await Record.ExceptionAsync(() => Supervisor.StartAsync(
            WorkerCommand.Create("true"), new SupervisorOptions { Directory = "/proc" }, cancellationToken: TestContext.Current.CancellationToken));
        Assert.True(error is ArgumentException or IOException { InnerException: not null }, error?.ToString());
        Assert.Contains("Directory", error!.Message, StringComparison.Ordinal);
        Assert.Contains("/proc", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Wrong_recycling_and_liveness_are_told_all_at_once()
    {
        var wrong = SupervisorOptionsCheck.Find(new SupervisorOptions
        {
            Recycling = new RecycleOptions
            {
                MaxTasks = 0,
                MaxAge = TimeSpan.FromMilliseconds(999),
                MaxIdle = TimeSpan.FromDays(25),
                SoftMemoryBytes = 1 << 21,
                HardMemoryBytes = 1 << 21,
                Jitter = double.NaN,
            },
            Liveness = new LivenessOptions
            {
                HeartbeatInterval = TimeSpan.FromSeconds(4),
                SuspectAfter = TimeSpan.FromSeconds(3),
                DeadAfter = TimeSpan.FromSeconds(3),
            },
        });
        Assert.Equal(
            [
                "Recycling.MaxTasks is 0; allowed: 1 to 1000000000",
                "Recycling.MaxAge is 999 ms; allowed: 1 s to 24 days",
                "Recycling.MaxIdle is 25 days; allowed: 1 s to 24 days",
                "Recycling.HardMemoryBytes is 2097152; allowed: more than Recycling.SoftMemoryBytes, which is 2097152",
                "Recycling.Jitter is NaN; allowed: 0 to 1",
                "Liveness.SuspectAfter is 3 s; allowed: at least twice Liveness.HeartbeatInterval, which is 8 s, and at most 24 days",
                "Liveness.DeadAfter is 3 s; allowed: at least Liveness.SuspectAfter and one Liveness.HeartbeatInterval, which is 7 s, and at most 24 days",
            ],
            wrong);
        wrong = SupervisorOptionsCheck.Find(new SupervisorOptions
        {
            Recycling = new RecycleOptions { SoftMemoryBytes = 0, HardMemoryBytes = 5 },
            Liveness = new LivenessOptions { HeartbeatInterval = TimeSpan.FromMilliseconds(9) },
        });
        Assert.Equal(
            ["Recycling.SoftMemoryBytes is 0; allowed: at least 1048576 (1 MiB)", "Recycling.HardMemoryBytes is 5; allowed: at least 1048576 (1 MiB)", "Liveness.HeartbeatInterval is 9 ms; allowed: 10 ms to 1 h"],
            wrong);
        Assert.Equal(
            ["Recycling is null; allowed: a RecycleOptions", "Liveness is null; allowed: a LivenessOptions"],
            SupervisorOptionsCheck.Find(new SupervisorOptions { Recycling = null!, Liveness = null! }));
    }

    [Fact]
    public async Task A_directory_too_long_for_sockets_is_refused_with_the_limit_and_what_to_change()
    {
        using var directory = new TemporaryDirectory();
        var path = Path.Combine(directory.Path, new string('d', 80));
        Directory.CreateDirectory(path);
        var options = new SupervisorOptions { Workers = 1, Directory = path };
        var error = await Assert.ThrowsAsync<ArgumentException>(() => Supervisor.StartAsync(WorkerCommand.Create("true"), options, cancellationToken: TestContext.Current.CancellationToken));
        Assert.Contains("107", error.Message, StringComparison.Ordinal);
        Assert.Contains("TMPDIR", error.Message, StringComparison.Ordinal);
        Assert.Contains(path, error.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(path));
        Assert.Empty(SupervisorOptionsCheck.Find(options with { Transport = WorkerTransport.LoopbackTcp }));
    }

    [Fact]
    public void The_longest_directory_that_is_allowed_makes_sockets_of_107_bytes()
    {
        using var directory = new TemporaryDirectory();
        var length = 1;
        var options = new SupervisorOptions { Workers = 12 };
        for (var path = Path.Combine(directory.Path, "d"); ; path += "d", length++)
        {
            Directory.CreateDirectory(path);
            if (PrivateDirectory.Problem(options with { Directory = path }) is not null)
            {
                break;
            }

            options = options with { Directory = path };
        }

        using var made = new PrivateDirectory(options.Directory);
        Assert.Equal(PrivateDirectory.LongestSocketPath, made.MakeFor(SupervisorOptionsCheck.MostWorkers, 1, 1).SocketPath.Length);
    }
}
