namespace WorkerHost.Tests;

/// <summary>What is proven after a death, with real processes.</summary>
public sealed class EvidenceTests
{
    private const int SigStop = 19;

    [Fact]
    [Trait("Scenario", "13")]
    public async Task A_task_whose_worker_died_before_its_start_mark_runs_again_free_although_it_is_not_idempotent()
    {
        await using var pool = await TestPool.StartAsync();
        var frozen = pool.Workers[0];
        TestPool.Kill(frozen.Pid, SigStop);
        await TestPool.Until(() => StateOf(frozen.Pid) == 'T');
        var log = TestPool.NewPath();
        var future = pool.Submit<string>("record", [log, 0], new TaskOptions { Attempts = 1 });
        await TestPool.Until(() => future.Attempts.Count == 1);
        TestPool.Kill(frozen.Pid);

        Assert.Equal(future.Id, await future.Task.WaitAsync(TestPool.Patience));
        var attempt = Assert.Single(future.Attempts);
        Assert.Equal(1, attempt.Number);
        Assert.NotEqual(frozen.Pid, attempt.Pid);
        Assert.Equal(2, (await File.ReadAllLinesAsync(log, TestContext.Current.CancellationToken)).Length);
        File.Delete(log);
    }

    [Fact]
    [Trait("Scenario", "11")]
    public async Task A_worker_that_dies_while_a_large_argument_is_on_the_wire_has_never_started_it()
    {
        await using var pool = await TestPool.StartAsync();
        var frozen = pool.Workers[0];
        TestPool.Kill(frozen.Pid, SigStop);
        await TestPool.Until(() => StateOf(frozen.Pid) == 'T');

        // Far more than a socket's buffers and the HTTP/2 windows hold: the sender is stuck in the middle.
        var payload = new byte[48 * 1024 * 1024];
        Random.Shared.NextBytes(payload);
        var future = pool.SubmitBytes("echo", payload, new TaskOptions { Attempts = 1 });
        await TestPool.Until(() => future.Attempts.Count == 1);
        TestPool.Kill(frozen.Pid);

        var echoed = await future.Task.WaitAsync(TestPool.Patience);

        Assert.True(echoed.Span.SequenceEqual(payload));
        Assert.NotEqual(frozen.Pid, Assert.Single(future.Attempts).Pid);
    }

    [Fact]
    [Trait("Scenario", "14")]
    public async Task A_worker_that_dies_with_many_tasks_in_flight_gives_each_its_own_outcome_and_no_timer_fires_later()
    {
        const int lanes = 8;
        await using var pool = await TestPool.StartAsync(TestPool.Options() with { Concurrency = lanes });
        var never = TestPool.NewPath();
        var here = Enumerable.Range(0, lanes).Select(_ => TestPool.NewPath()).ToList();
        var futures = here.Select(h => pool.Submit<int>("meet", [h, never], new TaskOptions { TimeLimit = TimeSpan.FromMinutes(5) })).ToList();
        await TestPool.Until(() => here.TrueForAll(File.Exists));
        TestPool.Kill(pool.Workers[0].Pid);

        var failures = await Task.WhenAll(futures.Select(TestPool.FailureOf));

        Assert.All(failures, f => Assert.Equal(TaskFailureKind.WorkerLost, f?.Kind));
        Assert.Equal(futures.Select(f => f.Id), failures.Select(f => f!.TaskId));
        Assert.Equal(lanes, failures[0]!.Failure.Deaths[0].RunningTasks.Length);
        await Task.WhenAll(futures.Select(f => f.Settled)).WaitAsync(TestPool.Patience);
        Assert.Equal(0, pool.UnsettledTasks);
        here.ForEach(File.Delete);
    }

    [Theory]
    [Trait("Scenario", "12")]
    [InlineData(8)]
    [InlineData(200, Traits = ["Category", "Slow"])]
    public async Task A_result_in_the_kernel_counts_although_its_worker_is_dead_and_its_reader_slow(int deaths)
    {
        const int results = 20, size = 1000;
        var sockets = new HeldSockets();
        await using var pool = await TestPool.StartAsync(TestPool.Options() with { WrapSocket = sockets.Wrap, Concurrency = results });
        for (var death = 0; death < deaths; death++)
        {
            var worker = pool.Workers[0];

            await pool.SubmitBytes("echo", new byte[size]).Task.WaitAsync(TestPool.Patience);
            await TestPool.Until(() => sockets.Latest.IsReading, "the session's reader waits for the socket");
            sockets.Latest.Hold();
            var futures = Enumerable.Range(0, results).Select(_ => pool.SubmitBytes("echo", new byte[size])).ToList();
            await TestPool.Until(() => sockets.Latest.Available >= results * size, "all results are in the kernel");
            TestPool.Kill(worker.Pid);
            await TestPool.Until(() => pool.Workers[0].Id.Incarnation > worker.Id.Incarnation, "the death was observed");

            // Written to while it is dead: that must not cost a result either.
            var late = pool.SubmitBytes("echo", new byte[size]);
            sockets.HeldOne!.Release();

            var echoed = await TaskFuture.WhenAll(futures.Append(late)).WaitAsync(TestPool.Patience);
            Assert.All(echoed, e => Assert.Equal(size, e.Length));
            Assert.All(futures, f => Assert.Equal(worker.Pid, f.Attempts[^1].Pid));
            await TestPool.Until(() => pool.Workers[0].State == SlotState.Ready);
        }
    }

    private static char StateOf(int pid)
    {
        var stat = File.ReadAllText($"/proc/{pid}/stat");
        return stat[stat.LastIndexOf(')') + 2];
    }
}
