namespace WorkerHost.Tests;

/// <summary>That there is no worker because nobody wants one is no failure of any, and a refused task is told so.</summary>
public sealed class NoWorkersWantedTests : IAsyncLifetime
{
    private WorkerPool pool = null!;

    public async ValueTask InitializeAsync()
    {
        var options = TestPool.Options();
        pool = await TestPool.StartAsync(options with { Workers = 1 });
    }

    public ValueTask DisposeAsync() => pool.DisposeAsync();

    [Fact]
    [Trait("Scenario", "23")]
    public async Task A_task_for_a_pool_that_was_scaled_to_nothing_is_refused_for_just_that_until_it_has_workers_again()
    {
        await pool.Supervisor.ScaleAsync(0, TestContext.Current.CancellationToken);
        Assert.Equal("no worker can be had: the pool was scaled to 0 workers (Supervisor.ScaleAsync)", await RefusalAsync());
        await pool.Supervisor.ScaleAsync(1, TestContext.Current.CancellationToken);
        Assert.NotEqual(0, await pool.Submit<int>("pid", []).Task.WaitAsync(TestPool.Patience));
    }

    [Fact]
    [Trait("Scenario", "23")]
    public async Task A_task_for_a_pool_whose_supervisor_was_stopped_is_refused_for_just_that()
    {
        await pool.Supervisor.StopAsync(TestContext.Current.CancellationToken);
        Assert.Equal("no worker can be had: the supervisor of its workers was stopped", await RefusalAsync());
    }

    private async Task<string> RefusalAsync()
    {
        var error = await Assert.ThrowsAsync<TaskException>(async () => await pool.Submit<int>("pid", []).Task.WaitAsync(TestPool.Patience));
        Assert.Equal(TaskFailureKind.NoWorkers, error.Kind);
        return error.Message;
    }
}
