using System.Globalization;

namespace WorkerHost.Supervision;

/// <summary>What this process may do to its children, as far as isolation depends on it.</summary>
internal sealed record HostFacts
{
    public const int CapChown = 0;
    public const int CapDacOverride = 1;
    public const int CapKill = 5;
    public const int CapSetGid = 6;
    public const int CapSetUid = 7;
    public const int CapSysNice = 23;
    public const int CapSysResource = 24;

    private const string Shell = "/bin/sh";
    private const string SystemPath = "/usr/bin:/bin:/usr/sbin:/sbin";
    private const string OomScoreFile = "/proc/self/oom_score_adj";

    public uint UserId { get; init; }

    /// <summary>The effective ones, a bit each.</summary>
    public ulong Capabilities { get; init; }

    /// <summary>The hard limit of open files.</summary>
    public long MaxOpenFiles { get; init; } = long.MaxValue;

    /// <summary>Its own oom_score_adj; null where that cannot be set.</summary>
    public int? OomScore { get; init; }

    /// <summary>Takes the steps before the worker's program; null where there is none.</summary>
    public string? ShellPath { get; init; }

    /// <summary>Whether it is bash, which leaves more behind in the environment than others.</summary>
    public bool ShellIsBash { get; init; }

    /// <summary>GNU's (or one as good), which knows -S; null where there is none: that of busybox and toybox does not.</summary>
    public string? EnvPath { get; init; }

    /// <summary>util-linux's; that of busybox knows no --pdeathsig, and does not count.</summary>
    public string? SetprivPath { get; init; }

    public string? NicePath { get; init; }

    public ControlGroupLayout ControlGroups { get; init; } = ControlGroupLayout.None;

    /// <summary>Where programs are looked up.</summary>
    public string SearchPath { get; init; } = SystemPath;

    public bool Has(int capability) => (Capabilities >> capability & 1) != 0;

    public static HostFacts Probe() => new()
    {
        UserId = Libc.geteuid(),
        Capabilities = ulong.TryParse(Value("/proc/self/status", "CapEff:"), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var bits) ? bits : 0,
        MaxOpenFiles = HardLimit(Value("/proc/self/limits", "Max open files")),
        OomScore = OwnOomScore(),
        ShellPath = File.Exists(Shell) ? Shell : null,
        ShellIsBash = File.Exists(Shell) && File.ResolveLinkTarget(Shell, returnFinalTarget: true)?.Name == "bash",
        EnvPath = Find("env"),
        SetprivPath = Find("setpriv"),
        NicePath = Find("nice"),
        ControlGroups = ControlGroupLayout.Probe(),
        SearchPath = Environment.GetEnvironmentVariable("PATH") ?? SystemPath,
    };

    /// <summary>Soft limit, hard limit, unit.</summary>
    private static long HardLimit(string? value) =>
        value?.Split(' ', StringSplitOptions.RemoveEmptyEntries) is [_, var hard, ..]
        && long.TryParse(hard, CultureInfo.InvariantCulture, out var number) ? number : long.MaxValue;

    private static int? OwnOomScore()
    {
        try
        {
            using (File.OpenHandle(OomScoreFile, FileMode.Open, FileAccess.Write))
            {
            }

            return int.Parse(File.ReadAllText(OomScoreFile), CultureInfo.InvariantCulture);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static string? Value(string file, string name)
    {
        try
        {
            return File.ReadLines(file).FirstOrDefault(l => l.StartsWith(name, StringComparison.Ordinal))?[name.Length..].Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static string? Find(string name) => SystemPath.Split(':')
        .Select(folder => $"{folder}/{name}")
        .FirstOrDefault(path => File.Exists(path) && !IsOneOfMany(File.ResolveLinkTarget(path, returnFinalTarget: true)?.Name ?? ""));

    /// <summary>Programs that are many commands in one know only the commonest options of each.</summary>
    private static bool IsOneOfMany(string program) =>
        program.Contains("busybox", StringComparison.Ordinal) || program.Contains("toybox", StringComparison.Ordinal);
}
