namespace WorkerHost.Tests;

/// <summary>However much workers write, and whatever, tasks go on.</summary>
[Trait("Scenario", "28")]
[Collection(nameof(Alone))]
public sealed class OutputTests
{
    private const int Lines = 1_000_000;
    private const string Line = "a hundred bytes of output which nobody on earth will ever need, and that is all there is to say of it";

    [Fact]
    public async Task A_hundred_megabytes_on_stderr_hold_up_neither_their_own_task_nor_others()
    {
        await using var pool = await TestPool.StartAsync(TestPool.Options(workers: 2));
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var flood = pool.Submit<long>("stderr", [Line, Lines]);
        while (!flood.Completion.IsCompleted)
        {
            Assert.Equal(3, await pool.Submit<int>("add", [1, 2]).Task.WaitAsync(TestPool.Patience));
        }

        Assert.True(await flood.Task.WaitAsync(TestPool.Patience) >= 100_000_000);
        Assert.True(GC.GetTotalMemory(forceFullCollection: true) - before < 20_000_000);
        Assert.All(pool.Workers, w => Assert.Null(w.LastDeath));
    }

    [Fact]
    public async Task Garbage_on_stdout_harms_no_task()
    {
        await using var pool = await TestPool.StartAsync();
        for (var i = 0; i < 5; i++)
        {
            await pool.Submit<object?>("garbage", []).Completion.WaitAsync(TestPool.Patience);
        }

        Assert.Equal(3, await pool.Submit<int>("add", [1, 2]).Task.WaitAsync(TestPool.Patience));
        Assert.Null(pool.Workers[0].LastDeath);
    }
}
