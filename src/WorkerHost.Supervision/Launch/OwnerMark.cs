using System.Globalization;

namespace WorkerHost.Supervision;

/// <summary>
/// The file in a supervisor's directory that says whose it is: for people, and so that a sweep takes no directory for one of
/// ours that only has a name like it. That its owner is dead is not read from here; a lock says that.
/// </summary>
internal static class OwnerMark
{
    public const string FileName = "owner";

    private const string FirstLine = "The private directory of a WorkerHost supervisor; the next one to start deletes it when the process is gone.";
    private const int Longest = 1024;

    /// <summary>
    /// Locks mean nothing between two kernels that share a file system. A directory of another boot is therefore nobody's to
    /// sweep: it may be another machine's.
    /// </summary>
    private static readonly Lazy<string?> Boot = new(ReadBoot);

    /// <summary>After the lock was taken: whoever sees the mark and gets the lock knows that its owner is dead.</summary>
    public static void Write(HeldDirectory directory)
    {
        try
        {
            if (Boot.Value is { } boot)
            {
                File.WriteAllLines(directory.PathOf(FileName), [FirstLine, boot, string.Create(CultureInfo.InvariantCulture, $"pid {Environment.ProcessId} started {ProcessIdentity.Holder(Environment.ProcessId).StartTime}")]);
            }
        }
        catch (IOException)
        {
            // Without a mark nobody will sweep it; that is no reason not to start.
        }
    }

    /// <summary>Whether a supervisor on this kernel made it.</summary>
    public static bool IsOn(HeldDirectory directory) => Read(directory) is not null;

    /// <summary>The process of that supervisor; null: nobody can say.</summary>
    public static ProcessIdentity? OwnerOf(HeldDirectory directory) =>
        Read(directory) is [.., var line] && line.Split(' ') is ["pid", var pid, "started", var time]
            && int.TryParse(pid, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && ulong.TryParse(time, NumberStyles.None, CultureInfo.InvariantCulture, out _)
            ? new ProcessIdentity(number, time)
            : null;

    private static string[]? Read(HeldDirectory directory)
    {
        var file = new FileInfo(directory.PathOf(FileName));
        return file is { Exists: true, LinkTarget: null, Length: > 0 and < Longest }
            && File.ReadAllLines(file.FullName) is [FirstLine, var boot, ..] lines
            && string.Equals(boot, Boot.Value, StringComparison.Ordinal)
            ? lines
            : null;
    }

    private static string? ReadBoot()
    {
        try
        {
            return "boot " + File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
