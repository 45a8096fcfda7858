using System.Diagnostics;

namespace WorkerHost.Quickstart.Tests;

/// <summary>Runs that end before everything is done.</summary>
[Collection("whole runs")]
public sealed class StopTests : IDisposable
{
    private readonly ScratchFolder folder = new();
    private readonly ScratchFolder temporary = new();

    [Theory]
    [InlineData("HUP", 129)]
    [InlineData("INT", 130)]
    [InlineData("TERM", 143)]
    public async Task A_signal_midway_ends_it_with_whole_lines_and_a_summary_and_leaves_nothing(string signal, int exitCode)
    {
        folder.Sparse(files: 1000, megabytes: 16);
        using var process = QuickstartProcess.StartBy(QuickstartProcess.Program, [folder.Path, "--json", "--workers", "2"], temporary.Path);
        Assert.StartsWith("{", await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Send(signal, process);
        var result = await QuickstartProcess.EndAsync(process);

        Assert.Equal((exitCode, ""), (result.ExitCode, result.Error));
        Assert.EndsWith("}\n", result.Output, StringComparison.Ordinal);
        Assert.True(result.Summary.GetProperty("cancelled").GetBoolean());
        Assert.Equal(result.Files.Count() + 1, result.Summary.GetProperty("files").GetInt32());
        Assert.Equal(0, result.Summary.GetProperty("failed").GetInt32());
        AssertNothingIsLeft();
    }

    [Fact]
    public async Task Control_c_on_a_terminal_shows_the_cursor_again_and_sums_up()
    {
        folder.Sparse(files: 1000, megabytes: 16);
        using var process = QuickstartProcess.StartBy("script", ["-qec", $"{QuickstartProcess.Program} {folder.Path} --workers 2", "/dev/null"], temporary.Path);
        var shown = "";
        var buffer = new char[4096];
        while (!shown.Contains("\e[?25l", StringComparison.Ordinal) || !shown.Contains("MB", StringComparison.Ordinal))
        {
            var read = await process.StandardOutput.ReadAsync(buffer, TestContext.Current.CancellationToken);
            Assert.True(read > 0, shown);
            shown += new string(buffer, 0, read);
        }

        await process.StandardInput.WriteAsync('\x03');
        await process.StandardInput.FlushAsync(TestContext.Current.CancellationToken);
        var result = await QuickstartProcess.EndAsync(process);

        Assert.Equal(130, result.ExitCode);
        Assert.Contains("\e[?25h", result.Output, StringComparison.Ordinal);
        Assert.Contains("stopped before the end: ", result.Output, StringComparison.Ordinal);
        AssertNothingIsLeft();
    }

    [Fact]
    public async Task A_second_signal_ends_it_at_once_though_nobody_takes_what_it_writes()
    {
        folder.Sparse(files: 5000, megabytes: 0);
        using var process = QuickstartProcess.StartBy(QuickstartProcess.Program, [folder.Path, "--json", "--workers", "1"]);
        Assert.NotNull(await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken));

        // Nobody reads on. One signal may be taken for another that was sent right before, so more are sent until it heeds.
        do
        {
            Send("TERM", process);
        }
        while (!process.WaitForExit(TimeSpan.FromMilliseconds(100)));

        Assert.Equal(143, process.ExitCode);
    }

    [Theory]
    [InlineData("--json", ">/dev/full")]
    [InlineData("--json", ">&-")]
    [InlineData("--workers=1", ">/dev/full")]
    [InlineData("--help", ">/dev/full")]
    public async Task A_stdout_that_cannot_be_written_is_told_in_one_line(string option, string redirection)
    {
        folder.Sparse(files: 100, megabytes: 1);
        using var process = QuickstartProcess.StartBy("sh", ["-c", $"exec \"$@\" {redirection}", "sh", QuickstartProcess.Program, folder.Path, option], temporary.Path);
        var result = await QuickstartProcess.EndAsync(process);
        Assert.Equal(3, result.ExitCode);
        Assert.Matches("^stdout cannot be written: [^\n]+\n$", result.Error);
        AssertNothingIsLeft();
    }

    [Theory]
    [InlineData("--json")]
    [InlineData("--workers=2")]
    public async Task It_stops_quietly_when_the_reader_has_gone(string option)
    {
        folder.Sparse(files: 1000, megabytes: 16);
        using var process = QuickstartProcess.StartBy(QuickstartProcess.Program, [folder.Path, option], temporary.Path);
        Assert.NotNull(await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken));
        process.StandardOutput.Close();
        var error = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal((141, ""), (process.ExitCode, error));
        AssertNothingIsLeft();
    }

    public void Dispose()
    {
        folder.Dispose();
        temporary.Dispose();
    }

    private static void Send(string signal, Process process)
    {
        using var kill = Process.Start("kill", [$"-{signal}", $"{process.Id}"]);
        kill.WaitForExit();
    }

    private void AssertNothingIsLeft()
    {
        Assert.Empty(QuickstartProcess.Workers());
        Assert.Empty(Directory.EnumerateFileSystemEntries(temporary.Path, "workerhost-*"));
    }
}
