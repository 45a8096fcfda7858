using System.Globalization;

namespace WorkerHost.Supervision;

/// <summary>
/// Finds what is wrong with the isolation that was asked for: what nobody could do, and what this host cannot.
/// </summary>
internal sealed class IsolationCheck(IsolationOptions options, string directory, HostFacts host, Action<string> wrong)
{
    public const long LeastMemory = 16 * 1024 * 1024;
    public const double LeastProcessors = 0.01;
    public const double MostProcessors = 10_000;
    public const int LeastOpenFiles = 64;
    public const int MostOomScore = 1000;

    /// <summary>uid and gid are given away, and the host must be able to reach what it has given away, and to kill it.</summary>
    private static readonly (int Number, string Name)[] NeededForAnotherUser =
        [(HostFacts.CapSetUid, "CAP_SETUID"), (HostFacts.CapSetGid, "CAP_SETGID"), (HostFacts.CapChown, "CAP_CHOWN"), (HostFacts.CapDacOverride, "CAP_DAC_OVERRIDE"), (HostFacts.CapKill, "CAP_KILL")];

    public void Run()
    {
        CheckNice();
        CheckOpenFiles();
        CheckOomScore();
        CheckUser();
        CheckLauncher();
        CheckControlGroups();

        if (options.NoNewPrivileges && host.SetprivPath is null)
        {
            Cannot(nameof(options.NoNewPrivileges), true, "setpriv of util-linux is not installed");
        }

        if (NeedsShell() && host.ShellPath is null)
        {
            wrong("Isolation cannot be had here: there is no /bin/sh, which takes the steps before a worker's program");
        }
    }

    private bool NeedsShell() => options is not { Nice: 0, MemoryLimitBytes: null, CpuLimit: null, MaxOpenFiles: null, OomScoreAdjust: null, ContainDescendants: not true, User: null, NoNewPrivileges: false };

    private void CheckNice()
    {
        switch (options.Nice)
        {
            case < -20 or > 19:
                Add(nameof(options.Nice), options.Nice, "-20 to 19");
                break;
            case < 0 when !host.Has(HostFacts.CapSysNice):
                Cannot(nameof(options.Nice), options.Nice, "below 0 needs the capability CAP_SYS_NICE");
                break;
            case not 0 when host.NicePath is null:
                Cannot(nameof(options.Nice), options.Nice, "the program nice is not installed");
                break;
        }
    }

    private void CheckOpenFiles()
    {
        if (options.MaxOpenFiles < LeastOpenFiles)
        {
            Add(nameof(options.MaxOpenFiles), options.MaxOpenFiles, $"at least {LeastOpenFiles}");
        }
        else if (options.MaxOpenFiles > host.MaxOpenFiles && !host.Has(HostFacts.CapSysResource))
        {
            Cannot(nameof(options.MaxOpenFiles), options.MaxOpenFiles, $"above the host's own hard limit, {host.MaxOpenFiles}, it needs the capability CAP_SYS_RESOURCE");
        }
    }

    private void CheckOomScore()
    {
        if (options.OomScoreAdjust is < 0 or > MostOomScore)
        {
            Add(nameof(options.OomScoreAdjust), options.OomScoreAdjust, $"0 to {MostOomScore}");
        }
        else if (options.OomScoreAdjust > 0 && host.OomScore is null)
        {
            Cannot(nameof(options.OomScoreAdjust), options.OomScoreAdjust, "/proc/self/oom_score_adj cannot be written");
        }
    }

    private void CheckUser()
    {
        if (options.Group is { } group && (options.User is null || UserAccount.FindGroup(group) is null))
        {
            Add(nameof(options.Group), $"\"{group}\"", options.User is null ? "only with Isolation.User" : "the name or number of a group of this system");
        }

        if (options.User is not { } user)
        {
            return;
        }

        if (UserAccount.Find(user) is not { } account)
        {
            Add(nameof(options.User), $"\"{user}\"", "the name or number of a user of this system");
        }
        else if (account.Barrier(directory) is { } barrier)
        {
            Cannot(nameof(options.User), $"\"{user}\"", $"that user may not enter '{barrier}', where the workers' sockets would be; set Directory to a place that everybody may pass (mode 711)");
        }

        if (host.UserId != 0)
        {
            Cannot(nameof(options.User), $"\"{user}\"", string.Create(CultureInfo.InvariantCulture, $"the host is user {host.UserId}, and only root can start workers as another user"));
        }
        else if (NeededForAnotherUser.Where(c => !host.Has(c.Number)).Select(c => c.Name).ToArray() is { Length: > 0 } missing)
        {
            Cannot(nameof(options.User), $"\"{user}\"", $"the host is root, but without the capabilities {string.Join(", ", missing)}");
        }

        if (host.SetprivPath is null)
        {
            Cannot(nameof(options.User), $"\"{user}\"", "setpriv of util-linux is not installed");
        }
    }

    private void CheckControlGroups()
    {
        var memory = options.MemoryLimitBytes is null or >= LeastMemory;
        if (!memory)
        {
            Add(nameof(options.MemoryLimitBytes), options.MemoryLimitBytes, $"at least {LeastMemory}");
        }

        var processors = options.CpuLimit is null or (>= LeastProcessors and <= MostProcessors);
        if (!processors)
        {
            Add(nameof(options.CpuLimit), options.CpuLimit, $"{LeastProcessors} to {MostProcessors} processors");
        }

        var possible = options with { MemoryLimitBytes = memory ? options.MemoryLimitBytes : null, CpuLimit = processors ? options.CpuLimit : null };
        ControlGroups.For(possible, host.ControlGroups, (option, missing) => Cannot(option, Value(option), missing));
    }

    private object? Value(string option) => option switch
    {
        nameof(options.MemoryLimitBytes) => options.MemoryLimitBytes,
        nameof(options.CpuLimit) => options.CpuLimit,
        _ => options.ContainDescendants,
    };

    private void CheckLauncher()
    {
        if (options.Launcher.IsDefaultOrEmpty)
        {
            return;
        }

        var possible = true;
        for (var i = 0; i < options.Launcher.Length; i++)
        {
            var element = options.Launcher[i];
            if (element is null || element.Contains('\0', StringComparison.Ordinal) || (i == 0 && string.IsNullOrWhiteSpace(element)))
            {
                possible = false;
                Add($"{nameof(options.Launcher)}[{i}]", element is null ? "null" : $"\"{element.Replace("\0", "\\0", StringComparison.Ordinal)}\"", i == 0 ? "a path, or a name that is in PATH" : "text without a NUL character");
            }
        }

        if (!possible)
        {
            return;
        }

        try
        {
            CommandResolver.Resolve(WorkerCommand.Create(options.Launcher[0]), host.SearchPath);
        }
        catch (SpawnException e)
        {
            Cannot(nameof(options.Launcher), $"\"{string.Join(' ', options.Launcher)}\"", e.Message);
        }
    }

    private void Add(string option, object? value, string allowed) =>
        wrong(string.Create(CultureInfo.InvariantCulture, $"Isolation.{option} is {value}; allowed: {allowed}"));

    private void Cannot(string option, object? value, string missing) =>
        wrong(string.Create(CultureInfo.InvariantCulture, $"Isolation.{option} is {value}, which cannot be had here: {missing}"));
}
