using System.Diagnostics;
using System.Text.RegularExpressions;

namespace WorkerHost.Tutorial.Tests;

/// <summary>The four programs of the tutorial, as a person runs them.</summary>
public sealed partial class TutorialTests
{
    private static readonly string[] Answers =
        ["348513 primes below 5000000", "216816 primes below 3000000", "78498 primes below 1000000", "1229 primes below 10000", "4 primes below 10"];

    [Theory]
    [InlineData("threads")]
    [InlineData("processes")]
    [InlineData("thread-executor")]
    [InlineData("process-executor")]
    public async Task A_program_has_every_answer(string program)
    {
        var (exitCode, output, error) = await RunAsync(program);

        Assert.Equal((0, ""), (exitCode, error));
        Assert.StartsWith($"{program}:\n", output, StringComparison.Ordinal);
        Assert.Equal(Answers.Order(), Answer().Matches(output).Select(static m => m.Value).Order());
    }

    [Fact]
    public async Task Each_process_is_one_of_its_own_and_ends_well()
    {
        var (_, output, _) = await RunAsync("processes");

        var said = Process_().Matches(output);
        Assert.Equal(Answers.Length, said.Select(static m => m.Groups[1].Value).Distinct().Count());
        Assert.All(said, static m => Assert.Equal("0", m.Groups[2].Value));
    }

    [Fact]
    public async Task Without_an_argument_all_four_run()
    {
        var (exitCode, output, _) = await RunAsync();

        Assert.Equal(0, exitCode);
        Assert.Equal(4 * Answers.Length, Answer().Count(output));
    }

    [Fact]
    public async Task An_unknown_program_is_told_which_there_are()
    {
        var (exitCode, output, error) = await RunAsync("coroutines");

        Assert.Equal((2, ""), (exitCode, output));
        Assert.Contains("usage: Tutorial [threads|processes|thread-executor|process-executor]", error, StringComparison.Ordinal);
    }

    private static async Task<(int ExitCode, string Output, string Error)> RunAsync(params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "Tutorial"), arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, await output, await error);
    }

    [GeneratedRegex(@"\d+ primes below \d+")]
    private static partial Regex Answer();

    [GeneratedRegex(@"said process (\d+), exit code (\d+)")]
    private static partial Regex Process_();
}
