using System.Diagnostics;

namespace WorkerHost.Benchmarks;

/// <summary>The least a .NET process can do: print a word.</summary>
internal static class HelloProgram
{
    public static Task<PublishedProgram> MakeAsync(string folder, TextWriter log) =>
        PublishedProgram.MakeAsync(folder, "hello", "", "Console.WriteLine(\"hello\");", log);

    /// <summary>From its start to its end, its word read, in milliseconds.</summary>
    public static async Task<double> RunAsync(PublishedProgram hello)
    {
        var started = Stopwatch.GetTimestamp();
        using var process = Process.Start(new ProcessStartInfo(hello.Path) { RedirectStandardOutput = true })!;
        var word = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        var elapsed = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
        return word == "hello\n" ? elapsed : throw new InvalidOperationException($"hello said '{word}'");
    }
}
