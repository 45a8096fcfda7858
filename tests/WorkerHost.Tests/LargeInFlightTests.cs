namespace WorkerHost.Tests;

/// <summary>A hundred megabytes are on their way when nobody wants them any more.</summary>
[Trait("Scenario", "37")]
public sealed class LargeInFlightTests
{
    private const int Size = 100 * 1024 * 1024;

    private static readonly EmbeddedPoolOptions Options = TestPool.Options() with { MaxMessageBytes = 128 * 1024 * 1024, DrainTimeout = TimeSpan.Zero };

    [Theory]
    [InlineData("argument")]
    [InlineData("result")]
    public async Task Cancelled_while_it_travels_a_task_settles_and_its_worker_goes_on(string what)
    {
        await using var pool = await TestPool.StartAsync(Options);
        var pid = pool.Workers[0].Pid;
        for (var i = 0; i < 3; i++)
        {
            var future = await TravellingAsync(pool, what);
            Assert.True(future.Cancel());
            Assert.Equal(TaskState.Cancelled, future.State);

            // What is small does not wait for what is left of it.
            Assert.Equal(3, await pool.Submit<int>("add", [1, 2]).Task.WaitAsync(TestPool.Patience));
            await future.Settled.WaitAsync(TestPool.Patience);
        }

        Assert.Equal(pid, await pool.Submit<int>("pid").Task.WaitAsync(TestPool.Patience));
        Assert.Equal(0, pool.UnsettledTasks);
    }

    [Theory]
    [InlineData("argument")]
    [InlineData("result")]
    public async Task A_pool_that_is_stopped_meanwhile_ends_and_so_does_the_task(string what)
    {
        var pool = await TestPool.StartAsync(Options);
        var pid = pool.Workers[0].Pid;
        var future = await TravellingAsync(pool, what);

        await pool.DisposeAsync().AsTask().WaitAsync(TestPool.Patience);

        Assert.True(future.State is TaskState.Cancelled or TaskState.Succeeded, $"{future.State}");
        Assert.True(future.Settled.IsCompleted);
        Assert.False(TestPool.IsAlive(pid));
    }

    [Theory]
    [InlineData("argument")]
    [InlineData("result")]
    public async Task A_worker_that_is_killed_meanwhile_had_not_started_what_it_did_not_have_and_loses_what_it_had_done(string what)
    {
        await using var pool = await TestPool.StartAsync(Options);
        var pid = pool.Workers[0].Pid;
        var future = await TravellingAsync(pool, what);
        TestPool.Kill(pid);

        var failure = await TestPool.FailureOf(future);

        if (what == "argument")
        {
            Assert.Null(failure);
            Assert.Single(future.Attempts);
        }
        else
        {
            Assert.Equal(TaskFailureKind.WorkerLost, failure?.Kind);
            Assert.True(failure!.Failure.Verdict is StartVerdict.Running or StartVerdict.Finished, $"{failure.Failure.Verdict}");
        }

        Assert.Equal(3, await pool.Submit<int>("add", [1, 2]).Task.WaitAsync(TestPool.Patience));
    }

    /// <summary>The bytes have begun to travel and have not arrived: the worker has read, or the pool, and not the whole.</summary>
    private static async Task<TaskFuture> TravellingAsync(WorkerPool pool, string what)
    {
        if (what == "argument")
        {
            var sent = pool.SubmitBytes("echo", new byte[Size], new TaskOptions { Attempts = 1 });
            await TestPool.Until(() => sent.Attempts.Count == 1 || sent.IsDone, "it is on its way");
            return sent;
        }

        // The mark is made when the array is, just before it is sent.
        var made = TestPool.NewPath();
        var future = pool.Submit<byte[]>("fill_and_touch", [Size, made], new TaskOptions { Attempts = 1 });
        await TestPool.Until(() => File.Exists(made), "the result is on its way");
        File.Delete(made);
        return future;
    }
}
