using System.Globalization;
using System.Security.Cryptography;

namespace WorkerHost.Supervision;

/// <summary>
/// The name of a worker's control group says which host process has made it, so that a later one can tell what was left by
/// the dead: <c>workerhost-NAMESPACE-PID-STARTTIME-WORD</c>. Process ids mean something only in their own pid namespace.
/// </summary>
internal static class ControlGroupName
{
    public const string Pattern = "workerhost-*";

    private static readonly Lazy<string> Own = new(() =>
        string.Create(CultureInfo.InvariantCulture, $"workerhost-{PidNamespace()}-{Environment.ProcessId}-{ProcessIdentity.Of(Environment.ProcessId)?.StartTime ?? "0"}"));

    /// <summary>Never given twice.</summary>
    public static string Make() => $"{Own.Value}-{RandomNumberGenerator.GetHexString(12, lowercase: true)}";

    /// <summary>Whether it belonged to a process of our pid namespace that is certainly gone.</summary>
    public static bool IsAbandoned(string name) =>
        name.Split('-') is [_, var space, var pid, var startTime, _]
        && space == PidNamespace() && space.Length > 0
        && int.TryParse(pid, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
        && ProcessIdentity.Of(number)?.StartTime != startTime;

    /// <summary>The number in <c>pid:[4026531836]</c>; empty where it cannot be known.</summary>
    private static string PidNamespace()
    {
        try
        {
            return new string([.. (new FileInfo("/proc/self/ns/pid").LinkTarget ?? "").Where(char.IsAsciiDigit)]);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
