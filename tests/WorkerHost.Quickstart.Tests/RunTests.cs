using System.Diagnostics;
using System.Security.Cryptography;

namespace WorkerHost.Quickstart.Tests;

/// <summary>Whole runs, one after another: they look at each other's workers.</summary>
[Collection("whole runs")]
public sealed class RunTests : IDisposable
{
    private readonly ScratchFolder folder = new();

    [Fact]
    public async Task Each_file_gets_a_line_of_json_and_the_last_line_sums_up()
    {
        folder.Write("a", "1\n2\n");
        folder.Write("b/ü", "x");
        var result = await QuickstartProcess.RunAsync(folder.Path, "--json", "--workers", "1");

        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        var a = result.Files.Single(f => f.GetProperty("path").GetString() == "a");
        Assert.Equal(
            ["path", "sha256", "size", "lines", "attempts", "worker", "pid"],
            a.EnumerateObject().Select(p => p.Name));
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData("1\n2\n"u8)), a.GetProperty("sha256").GetString());
        Assert.Equal((4, 2, 1), (a.GetProperty("size").GetInt32(), a.GetProperty("lines").GetInt32(), a.GetProperty("attempts").GetInt32()));
        Assert.Equal("files/0#1", a.GetProperty("worker").GetString());
        Assert.NotEqual(Environment.ProcessId, a.GetProperty("pid").GetInt32());
        Assert.Contains(result.Files, f => f.GetProperty("path").GetString() == "b/ü");

        Assert.Equal(["summary", "files", "failed", "bytes", "workers", "deaths", "seconds"], result.Summary.EnumerateObject().Select(p => p.Name));
        Assert.True(result.Summary.GetProperty("summary").GetBoolean());
        Assert.Equal(
            (2, 0, 5, 1, 0),
            (Number("files"), Number("failed"), Number("bytes"), Number("workers"), Number("deaths")));
        int Number(string name) => result.Summary.GetProperty(name).GetInt32();
    }

    [Fact]
    public async Task A_file_that_fails_is_told_with_its_kind_and_the_exit_code_is_1()
    {
        folder.Write("good", "x");
        folder.Shell("printf x > \"$(printf 'bad\\377')\"");
        var result = await QuickstartProcess.RunAsync(folder.Path, "--json");
        Assert.Equal(1, result.ExitCode);
        Assert.Single(result.Files, f => f.TryGetProperty("sha256", out _));
        var failed = Assert.Single(result.Files, f => f.TryGetProperty("error", out _));
        Assert.Equal("bad\\xFF", failed.GetProperty("path").GetString());
        Assert.Equal("NAME_NOT_UTF8", failed.GetProperty("error").GetProperty("kind").GetString());
        Assert.NotEmpty(failed.GetProperty("error").GetProperty("message").GetString()!);
        Assert.Equal((2, 1), (result.Summary.GetProperty("files").GetInt32(), result.Summary.GetProperty("failed").GetInt32()));
    }

    [Fact]
    public async Task An_empty_folder_is_done_at_once_and_fine()
    {
        var result = await QuickstartProcess.RunAsync(folder.Path, "--json");
        Assert.Equal(0, result.ExitCode);
        Assert.Equal(0, Assert.Single(result.Lines).GetProperty("files").GetInt32());
    }

    [Fact]
    public async Task A_folder_that_cannot_be_read_is_not_a_file_but_no_success_either()
    {
        folder.Write("good", "x");

        // A path longer than the system takes: it holds even for root, who may read everything.
        var half = string.Join('/', Enumerable.Repeat(new string('d', 200), 11));
        folder.Shell($"mkdir -p upper/{half} lower/{half}; mv lower upper/{half}");
        var result = await QuickstartProcess.RunAsync(folder.Path, "--json");
        Assert.Equal(1, result.ExitCode);
        Assert.Equal("FOLDER_NOT_READABLE", Assert.Single(result.Files, f => f.TryGetProperty("error", out _)).GetProperty("error").GetProperty("kind").GetString());
        Assert.Equal((1, 0, 1), (Number("files"), Number("failed"), Number("unreadable_folders")));
        Assert.Contains("1 file, 0 failed, 1 folder not readable, ", (await QuickstartProcess.RunAsync(folder.Path)).Output, StringComparison.Ordinal);

        int Number(string name) => result.Summary.GetProperty(name).GetInt32();
    }

    [Fact]
    public async Task Off_a_terminal_it_lists_digest_size_lines_and_path_of_each_file_and_sums_up()
    {
        folder.Write("a b", "1\n2\n");
        folder.Write("new\nline\\", "x");
        var lines = (await QuickstartProcess.RunAsync(folder.Path, "--workers", "1")).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(3, lines.Length);
        Assert.Contains($"{Convert.ToHexStringLower(SHA256.HashData("1\n2\n"u8))}            4          2  a b", lines[..2]);
        Assert.Contains($"{Convert.ToHexStringLower(SHA256.HashData("x"u8))}            1          0  new\\x0Aline\\\\", lines[..2]);
        Assert.StartsWith("2 files, 0 failed, 0.0 MB in ", lines[2], StringComparison.Ordinal);
        Assert.EndsWith(" with 1 worker; 0 worker deaths", lines[2], StringComparison.Ordinal);
    }

    [Fact]
    public async Task For_people_it_prints_what_failed_and_a_summary()
    {
        folder.Write("good", "x");
        folder.Shell("printf x > \"$(printf 'bad\\377')\"");
        var result = await QuickstartProcess.RunAsync(folder.Path);
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("failed: bad\\xFF: NAME_NOT_UTF8", result.Output, StringComparison.Ordinal);
        Assert.Contains("2 files, 1 failed", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Wrong_usage_ends_with_2_and_says_how_to_use_it()
    {
        var result = await QuickstartProcess.RunAsync("--jsno");
        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        Assert.Contains("usage: Quickstart", result.Error, StringComparison.Ordinal);
        Assert.Equal(2, (await QuickstartProcess.RunAsync("/does/not/exist")).ExitCode);
        Assert.Equal(0, (await QuickstartProcess.RunAsync("--help")).ExitCode);
    }

    [Fact]
    [Trait("Scenario", "9")]
    [Trait("Category", "Slow")]
    public async Task Under_chaos_every_file_is_still_answered_for_and_nobody_is_left()
    {
        // A pace at which a worker, once it is ready, gets some work done however slow the machine is at the moment.
        folder.Sparse(files: 500, megabytes: 4);
        var result = await QuickstartProcess.RunAsync(folder.Path, "--json", "--workers", "2", "--chaos=300");

        Assert.True(result.ExitCode == 0, result.Error);
        Assert.Contains("Attempts = ", result.Error, StringComparison.Ordinal);
        Assert.Equal((500, 0), (result.Summary.GetProperty("files").GetInt32(), result.Summary.GetProperty("failed").GetInt32()));
        Assert.InRange(result.Summary.GetProperty("deaths").GetInt32(), 3, 10_000);
        foreach (var file in result.Files.Where((_, i) => i % 10 == 0))
        {
            using var stream = File.OpenRead(Path.Combine(folder.Path, file.GetProperty("path").GetString()!));
            Assert.Equal(Convert.ToHexStringLower(await SHA256.HashDataAsync(stream, TestContext.Current.CancellationToken)), file.GetProperty("sha256").GetString());
        }

        Assert.Empty(QuickstartProcess.Workers());
    }

    [Fact]
    [Trait("Category", "Slow")]
    [Trait("Scenario", "9")]
    public async Task A_file_that_takes_longer_than_its_workers_live_fails_in_the_end_and_meanwhile_it_is_told()
    {
        folder.Sparse(files: 4, megabytes: 0);

        // Folders come after the files beside them: the killing begins with the first file that is done, and this must not be it.
        Directory.CreateDirectory(Path.Combine(folder.Path, "later"));
        using (var file = File.Create(Path.Combine(folder.Path, "later", "large")))
        {
            file.SetLength(1L << 35);
        }

        var result = await QuickstartProcess.RunAsync(folder.Path, "--json", "--workers", "1", "--chaos=400");
        Assert.Equal(1, result.ExitCode);
        var failed = Assert.Single(result.Files, f => f.TryGetProperty("error", out _));
        Assert.Equal("later/large WORKER_LOST", $"{failed.GetProperty("path")} {failed.GetProperty("error").GetProperty("kind")}");
        Assert.Matches("chaos: [0-9] files? done, [0-9]+ worker deaths?; attempt [0-9]+ of 20 at later/large\n", result.Error);
    }

    [Fact]
    [Trait("Category", "Slow")]
    public async Task Chaos_at_a_pace_at_which_no_worker_lives_gives_up()
    {
        folder.Sparse(files: 100, megabytes: 100);
        var result = await QuickstartProcess.RunAsync(folder.Path, "--json", "--workers", "2", "--chaos=1");
        Assert.InRange(result.ExitCode, 0, 1);
        Assert.Equal(100, result.Summary.GetProperty("files").GetInt32());
    }

    [Fact]
    [Trait("Scenario", "45")]
    public async Task When_it_is_killed_midway_no_worker_is_alive_a_second_later()
    {
        folder.Sparse(files: 1000, megabytes: 16);
        using var process = QuickstartProcess.Start(folder.Path, "--json", "--workers", "2");
        Assert.NotNull(await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken));
        Assert.NotEmpty(QuickstartProcess.Workers());

        process.Kill();
        var since = Stopwatch.GetTimestamp();
        while (QuickstartProcess.Workers() is { Length: > 0 } alive)
        {
            Assert.True(Stopwatch.GetElapsedTime(since) < TimeSpan.FromSeconds(1), $"still alive: {string.Join(", ", alive)}");
            await Task.Yield();
        }
    }

    public void Dispose() => folder.Dispose();
}
