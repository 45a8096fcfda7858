using System.Diagnostics;

namespace WorkerHost.Quickstart.Tests;

/// <summary>The main job at its full size: a gigabyte of real files under chaos, against sha256sum.</summary>
[Collection("whole runs")]
public sealed class RealFilesTests
{
    private const long Bytes = 1_000_000_000;
    private const int Files = 20_000;

    [Fact]
    [Trait("Category", "Slow")]
    [Trait("Scenario", "9")]
    public async Task A_gigabyte_of_real_files_under_chaos_has_the_digests_of_sha256sum()
    {
        var folder = new[] { "/usr/share", "/usr/lib", "/usr" }.FirstOrDefault(IsLargeEnough);
        Assert.SkipWhen(folder is null, $"no folder of the system has {Files} files and {Bytes} bytes");

        var result = await QuickstartProcess.RunAsync(folder!, "--json", "--chaos");
        Assert.True(result.ExitCode == 0, $"{result.Error}\n{result.Summary}");
        Assert.InRange(result.Summary.GetProperty("deaths").GetInt32(), 3, 10_000);
        Assert.Empty(QuickstartProcess.Workers());

        var expected = await Sha256SumAsync(folder!);
        var actual = result.Files.ToDictionary(f => f.GetProperty("path").GetString()!, f => f.GetProperty("sha256").GetString());
        Assert.Equal(expected.Count, actual.Count);
        Assert.All(expected, e => Assert.Equal(e.Value, actual[e.Key]));
    }

    private static bool IsLargeEnough(string folder)
    {
        var options = new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint, IgnoreInaccessible = true };
        long bytes = 0;
        var files = 0;
        foreach (var file in new DirectoryInfo(folder).EnumerateFiles("*", options))
        {
            bytes += file.Length;
            files++;
        }

        return files >= Files && bytes >= Bytes;
    }

    private static async Task<Dictionary<string, string>> Sha256SumAsync(string folder)
    {
        using var process = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", "find . -type f -print0 | xargs -0 sha256sum -z"])
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
        })!;
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, process.ExitCode);
        return output.Split('\0', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.Split("  ./", 2))
            .ToDictionary(pair => pair[1], pair => pair[0]);
    }
}
