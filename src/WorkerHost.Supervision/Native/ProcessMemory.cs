using System.Globalization;

namespace WorkerHost.Supervision;

/// <summary>A living process's memory as the kernel counts it; some microseconds.</summary>
internal static class ProcessMemory
{
    /// <summary>Resident bytes now; null when the process is gone.</summary>
    public static long? Resident(int pid) => Read(pid, "VmRSS:");

    /// <summary>The most that was resident since its exec; null when the process is gone.</summary>
    public static long? Peak(int pid) => Read(pid, "VmHWM:");

    private static long? Read(int pid, string field)
    {
        if (pid == 0)
        {
            return null;
        }

        try
        {
            // "VmHWM:	   12345 kB"; a zombie has no such line.
            foreach (var line in File.ReadLines(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/status")))
            {
                if (line.StartsWith(field, StringComparison.Ordinal))
                {
                    return long.Parse(line.AsSpan(field.Length, line.Length - field.Length - "kB".Length), NumberStyles.Integer, CultureInfo.InvariantCulture) * 1024;
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Gone meanwhile.
        }

        return null;
    }
}
