namespace WorkerHost.Worker.Tests;

/// <summary>What a program wants done before its worker takes tasks.</summary>
public sealed class InitializerTests : IDisposable
{
    private const int SigTerm = 15;

    private readonly string path = Path.Combine(Path.GetTempPath(), $"wh-initializer-{Guid.NewGuid():n}");

    [Fact]
    public async Task Nobody_can_connect_before_the_initializer_has_ended()
    {
        await using var worker = await LaunchAsync("--initialize-when");
        Assert.Equal(LedgerStage.Initializing, worker.Evidence().Stage);
        Assert.False(File.Exists(worker.SocketPath));

        await File.WriteAllTextAsync(path, "", TestContext.Current.CancellationToken);
        await worker.ServingAsync();

        Assert.Equal("1", await worker.RunJsonAsync("initialized", "[]"));
    }

    [Theory]
    [InlineData("--initialize-when", 30_000)]
    [InlineData("--initialize-deaf", 100)]
    public async Task A_worker_that_is_asked_to_leave_meanwhile_leaves_with_0(string verb, int drain)
    {
        await using var worker = await LaunchAsync(verb, drain);

        worker.Signal(SigTerm);

        Assert.Equal(WorkerExitCode.Success, await worker.ExitAsync());
        Assert.Empty(await worker.StderrAsync());
    }

    [Fact]
    public async Task A_second_SIGTERM_does_not_wait_for_a_deaf_one()
    {
        await using var worker = await LaunchAsync("--initialize-deaf");

        // Two that are pending at the same time are one to the kernel.
        worker.Signal(SigTerm);
        await Eventually.IsTrue(() => File.Exists(path + ".asked"));
        worker.Signal(SigTerm);

        Assert.Equal(WorkerExitCode.Success, await worker.ExitAsync());
    }

    [Fact]
    public async Task What_it_throws_ends_the_worker_with_its_type_and_message_last()
    {
        await using var worker = await WorkerUnderTest.LaunchAsync(null, "--initialize-with", "/nowhere/model");

        Assert.Equal(WorkerExitCode.CannotServe, await worker.ExitAsync());
        var lines = (await worker.StderrAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Contains("the initializer failed: System.IO.FileNotFoundException: no model at /nowhere/model", lines[^1], StringComparison.Ordinal);
        Assert.Contains(lines, static l => l.Contains("InitializerVerbs", StringComparison.Ordinal));
    }

    [Fact]
    public async Task It_may_end_the_process_with_a_code_of_its_own()
    {
        await using var worker = await WorkerUnderTest.LaunchAsync(null, "--initialize-exit", "78");

        Assert.Equal(WorkerExitCode.Misconfigured, await worker.ExitAsync());
    }

    public void Dispose()
    {
        foreach (var file in new[] { path, path + ".here", path + ".asked" })
        {
            File.Delete(file);
        }
    }

    private async Task<WorkerUnderTest> LaunchAsync(string verb, int drain = 30_000)
    {
        var worker = await WorkerUnderTest.LaunchAsync(launch => launch with { DrainMilliseconds = drain }, verb, path);
        await Eventually.IsTrue(() => File.Exists(path + ".here"));
        return worker;
    }
}
