using System.Globalization;

namespace WorkerHost.Benchmarks;

/// <summary>Processor time of processes, as the kernel counts it.</summary>
internal static class ProcessCpu
{
    // USER_HZ: 100 on every Linux that .NET runs on.
    private const double TicksPerSecond = 100;

    /// <summary>User and system time of the processes so far, in seconds.</summary>
    public static double Seconds(IEnumerable<int> pids) => pids.Sum(static pid =>
    {
        var fields = File.ReadAllText($"/proc/{pid}/stat").Split(") ", 2)[1].Split(' ');
        return (long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture)) / TicksPerSecond;
    });
}
