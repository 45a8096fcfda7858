using System.Globalization;

namespace WorkerHost.Supervision;

/// <summary>A process for certain: numbers are given anew, but never twice with the same start time.</summary>
/// <param name="Pid">Its number.</param>
/// <param name="StartTime">The 22nd field of its stat: clock ticks from the boot of the machine.</param>
internal readonly record struct ProcessIdentity(int Pid, string StartTime)
{
    private const int ParentAt = 1;
    private const int StartTimeAt = 19;

    /// <summary>False: it was gone before anyone could look, and no process is ever taken for it.</summary>
    public bool IsKnown => !string.IsNullOrEmpty(StartTime);

    /// <summary>The process that has this number now.</summary>
    public static ProcessIdentity Holder(int pid) => Of(pid) ?? new ProcessIdentity(pid, "");

    /// <returns>Null when there is no such process, not even a zombie.</returns>
    public static ProcessIdentity? Of(int pid) => Field(pid, StartTimeAt) is { } startTime ? new ProcessIdentity(pid, startTime) : null;

    /// <summary>0 when there is no such process, or its parent cannot be seen from here.</summary>
    public static int ParentOf(int pid) => Field(pid, ParentAt) is { } parent ? int.Parse(parent, CultureInfo.InvariantCulture) : 0;

    /// <summary>Counted from after the name, which is in parentheses and may itself contain anything.</summary>
    private static string? Field(int pid, int number)
    {
        try
        {
            var stat = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/stat"));
            return stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[number];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
