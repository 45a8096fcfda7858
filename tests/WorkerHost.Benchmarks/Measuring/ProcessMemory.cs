using System.Globalization;

namespace WorkerHost.Benchmarks;

/// <summary>Memory of processes, as the kernel counts it.</summary>
internal static class ProcessMemory
{
    /// <summary>What is resident, shared pages included, in MB.</summary>
    public static double ResidentMegabytes(int pid)
    {
        var line = File.ReadLines($"/proc/{pid}/status").First(static l => l.StartsWith("VmRSS:", StringComparison.Ordinal));
        return double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024 / 1e6;
    }
}
