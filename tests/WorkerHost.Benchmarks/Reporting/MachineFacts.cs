using System.Runtime;
using System.Runtime.InteropServices;

namespace WorkerHost.Benchmarks;

/// <summary>What has to stand beside figures for anyone to make sense of them.</summary>
internal static class MachineFacts
{
    public static void Print(TextWriter output, BenchmarkOptions options, string python, string hello, IReadOnlyDictionary<string, string> workerEnvironment)
    {
        var settings = workerEnvironment.Where(v => v.Key.StartsWith("DOTNET_", StringComparison.Ordinal)).OrderBy(v => v.Key, StringComparer.Ordinal).Select(v => $"{v.Key}={v.Value}");
        output.WriteLine($"""
            processors     {Environment.ProcessorCount} × {Model()}
            system         {RuntimeInformation.OSDescription} {RuntimeInformation.OSArchitecture}, load {Load()}
            runtime        {RuntimeInformation.FrameworkDescription}, client's collector {(GCSettings.IsServerGC ? "server" : "workstation")}
            server side    {string.Join(' ', settings)}
            python         {python}
            hello program  {hello}
            load           {options.Workers} workers, {options.InFlight} tasks of 8 bytes under way; {options.Rounds} alternating rounds of {options.Round.TotalSeconds} s

            """);
    }

    private static string Model() => File.ReadLines("/proc/cpuinfo").FirstOrDefault(l => l.StartsWith("model name", StringComparison.Ordinal))?.Split(": ", 2)[1]
        ?? "processor of unknown make";

    private static string Load() => File.ReadAllText("/proc/loadavg").Split(' ')[0];
}
