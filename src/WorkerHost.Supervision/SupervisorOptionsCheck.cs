using System.Globalization;
using WorkerHost.Supervision;

namespace WorkerHost;

/// <summary>Finds everything that is wrong with a supervisor's command and options, not only the first.</summary>
internal static class SupervisorOptionsCheck
{
    public const int MostWorkers = 10_000;

    /// <summary>Timers of the runtime end at about 49.7 days; a limit in whole days is easier to say.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromDays(24);

    /// <exception cref="ArgumentException">Names each wrong option, its value, and what is allowed.</exception>
    public static void Throw(WorkerCommand command, SupervisorOptions options)
    {
        string[] wrong = [.. WorkerCommandCheck.Find(command), .. Find(options)];
        if (wrong.Length > 0)
        {
            throw new ArgumentException(
                "no supervisor can be started with these options:" + string.Concat(wrong.Select(line => Environment.NewLine + "  " + line)),
                nameof(options));
        }
    }

    public static IReadOnlyList<string> Find(SupervisorOptions options)
    {
        var wrong = new List<string>();
        Name(wrong, options.PoolName);
        Number(wrong, nameof(options.Workers), options.Workers, 1, MostWorkers);
        Number(wrong, nameof(options.Spares), options.Spares ?? 0, 0, 1000);
        Number(wrong, nameof(options.MaxSurge), options.MaxSurge, 1, 1000);
        Number(wrong, nameof(options.Concurrency), options.Concurrency, 1, LedgerLayout.MaxLanes);
        Time(wrong, nameof(options.BootTimeout), options.BootTimeout, TimeSpan.FromMilliseconds(1));
        Time(wrong, nameof(options.DrainTimeout), options.DrainTimeout, TimeSpan.Zero);
        Time(wrong, nameof(options.TerminateGrace), options.TerminateGrace, TimeSpan.Zero);
        Restart(wrong, options.Restart);
        Recycling(wrong, options.Recycling);
        Liveness(wrong, options.Liveness);
        if (options.Isolation is null)
        {
            Add(wrong, nameof(options.Isolation), "null", "an IsolationOptions");
        }
        else
        {
            new IsolationCheck(options.Isolation, options.Directory ?? "/", HostFacts.Probe(), wrong.Add).Run();
        }

        if (!Enum.IsDefined(options.Transport))
        {
            Add(wrong, nameof(options.Transport), options.Transport, "UnixSocket or LoopbackTcp");
        }

        if (options.Directory is null || !Directory.Exists(options.Directory))
        {
            Add(wrong, nameof(options.Directory), options.Directory ?? "null", "a directory that exists; its default is TMPDIR, or /tmp");
        }
        else if (OperatingSystem.IsLinux() && Libc.access(options.Directory, Libc.W_OK | Libc.X_OK) != 0)
        {
            Add(wrong, nameof(options.Directory), options.Directory, $"a directory in which this process may make another; the system says: {Libc.Message(Libc.Errno)}");
        }
        else if (PrivateDirectory.Problem(options) is { } problem)
        {
            wrong.Add(problem);
        }

        foreach (var name in options.InheritEnvironment.IsDefault ? [] : options.InheritEnvironment)
        {
            if (!WorkerCommandCheck.EnvironmentNameIsPossible(name) || name[..^1].Contains('*', StringComparison.Ordinal))
            {
                Add(wrong, nameof(options.InheritEnvironment), $"\"{name?.Replace("\0", "\\0", StringComparison.Ordinal)}\"", "names of variables, without '=', and with '*' at most at the end");
            }
        }

        Number(wrong, nameof(options.MaxMessageBytes), options.MaxMessageBytes, 1024, int.MaxValue);
        Number(wrong, nameof(options.OutputTailLines), options.OutputTailLines, 0, 1000);
        Output(wrong, options.Output);
        Number(wrong, nameof(options.ReadyAtLeast), options.ReadyAtLeast, 1, MostWorkers);
        Number(wrong, nameof(options.KeptEvents), options.KeptEvents, 16, 1_000_000);
        return wrong;
    }

    private static void Name(List<string> wrong, string? name)
    {
        if (name is not { Length: > 0 and <= 64 } || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_'))
        {
            Add(wrong, nameof(SupervisorOptions.PoolName), $"\"{name}\"", "1 to 64 of letters, digits, '.', '-' and '_'");
        }
    }

    private static void Restart(List<string> wrong, RestartOptions? restart)
    {
        if (restart is null)
        {
            Add(wrong, nameof(SupervisorOptions.Restart), "null", "a RestartOptions");
            return;
        }

        Time(wrong, "Restart.MinBackoff", restart.MinBackoff, TimeSpan.FromMilliseconds(1));
        Time(wrong, "Restart.MaxBackoff", restart.MaxBackoff, TimeSpan.FromMilliseconds(1));
        if (restart.MaxBackoff < restart.MinBackoff)
        {
            Add(wrong, "Restart.MaxBackoff", DurationText.Exact(restart.MaxBackoff), $"at least Restart.MinBackoff, which is {DurationText.Exact(restart.MinBackoff)}");
        }

        Time(wrong, "Restart.StableAfter", restart.StableAfter, TimeSpan.Zero);
        Number(wrong, "Restart.Intensity", restart.Intensity, 0, 1_000_000);
        Time(wrong, "Restart.Period", restart.Period, TimeSpan.FromMilliseconds(1));
    }

    private static void Output(List<string> wrong, OutputOptions? output)
    {
        if (output is null)
        {
            Add(wrong, nameof(SupervisorOptions.Output), "null", "an OutputOptions");
            return;
        }

        if (!Enum.IsDefined(output.Mode))
        {
            Add(wrong, "Output.Mode", output.Mode, "Log, PassThrough or Discard");
        }

        Number(wrong, "Output.MaxLineBytes", output.MaxLineBytes, 128, 1024 * 1024);
        Number(wrong, "Output.LinesPerSecond", output.LinesPerSecond, 1, 1_000_000);
        Number(wrong, "Output.LinesAtOnce", output.LinesAtOnce, 1, 1_000_000);
    }

    private static void Recycling(List<string> wrong, RecycleOptions? recycling)
    {
        if (recycling is null)
        {
            Add(wrong, nameof(SupervisorOptions.Recycling), "null", "a RecycleOptions");
            return;
        }

        const long mebibyte = 1024 * 1024;
        Number(wrong, "Recycling.MaxTasks", recycling.MaxTasks ?? 1, 1, 1_000_000_000);
        Time(wrong, "Recycling.MaxAge", recycling.MaxAge ?? Longest, TimeSpan.FromSeconds(1));
        Time(wrong, "Recycling.MaxIdle", recycling.MaxIdle ?? Longest, TimeSpan.FromSeconds(1));
        Time(wrong, "Recycling.MaxDrain", recycling.MaxDrain ?? Longest, TimeSpan.Zero);
        if (recycling.SoftMemoryBytes < mebibyte)
        {
            Add(wrong, "Recycling.SoftMemoryBytes", recycling.SoftMemoryBytes, "at least 1048576 (1 MiB)");
        }

        if (recycling.HardMemoryBytes < mebibyte)
        {
            Add(wrong, "Recycling.HardMemoryBytes", recycling.HardMemoryBytes, "at least 1048576 (1 MiB)");
        }

        if (recycling.HardMemoryBytes <= recycling.SoftMemoryBytes)
        {
            Add(wrong, "Recycling.HardMemoryBytes", recycling.HardMemoryBytes, $"more than Recycling.SoftMemoryBytes, which is {recycling.SoftMemoryBytes}");
        }

        if (recycling.Jitter is not (>= 0 and <= 1))
        {
            Add(wrong, "Recycling.Jitter", recycling.Jitter, "0 to 1");
        }
    }

    private static void Liveness(List<string> wrong, LivenessOptions? liveness)
    {
        if (liveness is null)
        {
            Add(wrong, nameof(SupervisorOptions.Liveness), "null", "a LivenessOptions");
            return;
        }

        if (liveness.HeartbeatInterval < TimeSpan.FromMilliseconds(10) || liveness.HeartbeatInterval > TimeSpan.FromHours(1))
        {
            Add(wrong, "Liveness.HeartbeatInterval", DurationText.Exact(liveness.HeartbeatInterval), "10 ms to 1 h");
        }

        // The beats and the looks at them drift against each other: now and then a look sees none, and the next one two.
        AtLeast(wrong, "Liveness.SuspectAfter", liveness.SuspectAfter, Sum(liveness.HeartbeatInterval, liveness.HeartbeatInterval), "twice Liveness.HeartbeatInterval");
        AtLeast(wrong, "Liveness.DeadAfter", liveness.DeadAfter, Sum(liveness.SuspectAfter, liveness.HeartbeatInterval), "Liveness.SuspectAfter and one Liveness.HeartbeatInterval");
    }

    /// <summary>Of options that are perhaps wrong themselves, and then told as such: what is more than the longest is the longest.</summary>
    private static TimeSpan Sum(TimeSpan one, TimeSpan other) => TimeSpan.FromTicks(
        Math.Clamp(one.Ticks, 0, Longest.Ticks) + Math.Clamp(other.Ticks, 0, Longest.Ticks));

    private static void Number(List<string> wrong, string option, int value, int lowest, int highest)
    {
        if (value < lowest || value > highest)
        {
            Add(wrong, option, value, string.Create(CultureInfo.InvariantCulture, $"{lowest} to {highest}"));
        }
    }

    private static void Time(List<string> wrong, string option, TimeSpan value, TimeSpan lowest)
    {
        if (value < lowest || value > Longest)
        {
            Add(wrong, option, DurationText.Exact(value), $"{DurationText.Exact(lowest)} to {DurationText.Exact(Longest)}");
        }
    }

    private static void AtLeast(List<string> wrong, string option, TimeSpan value, TimeSpan lowest, string why)
    {
        if (value < lowest || value > Longest)
        {
            Add(wrong, option, DurationText.Exact(value), $"at least {why}, which is {DurationText.Exact(lowest)}, and at most {DurationText.Exact(Longest)}");
        }
    }

    private static void Add(List<string> wrong, string option, object value, string allowed) =>
        wrong.Add(string.Create(CultureInfo.InvariantCulture, $"{option} is {value}; allowed: {allowed}"));
}
