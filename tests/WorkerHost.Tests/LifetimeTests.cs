using System.Collections.Immutable;

namespace WorkerHost.Tests;

/// <summary>Starts and ends.</summary>
public sealed class LifetimeTests
{
    [Fact]
    [Trait("Scenario", "20")]
    public async Task A_command_that_is_not_there_fails_the_start_at_once_and_is_named()
    {
        var failure = await Assert.ThrowsAsync<WorkerStartException>(() => WorkerPool.StartAsync(WorkerCommand.Create("/nowhere/at/all")).WaitAsync(TestPool.Patience));

        Assert.Contains("/nowhere/at/all", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Wrong_options_are_listed_all_at_once_before_anything_starts()
    {
        var failure = await Assert.ThrowsAsync<ArgumentException>(() => WorkerPool.StartAsync(
            TestPool.Worker(), new EmbeddedPoolOptions { Name = "no spaces", QueueCapacity = -1, Attempts = 0, Workers = 0, Concurrency = 5000 }));

        string[] named = [.. failure.Message.Split('\n').Skip(1).Select(static l => l.Trim().Split(" is ")[0])];
        Assert.Equal(["Name", "QueueCapacity", "Attempts", "Workers", "Concurrency"], named);
    }

    [Fact]
    public async Task A_wrong_option_of_the_supervision_is_named_with_its_path_and_one_of_the_pool_once()
    {
        var supervision = new SupervisorOptions { DrainTimeout = TimeSpan.FromSeconds(-1), Workers = -1, Spares = -1 };
        var failure = await Assert.ThrowsAsync<ArgumentException>(() => WorkerPool.StartAsync(
            TestPool.Worker(), new EmbeddedPoolOptions { MaxMessageBytes = 1, DrainTimeout = TimeSpan.FromSeconds(-1), Supervision = supervision }));

        string[] named = [.. failure.Message.Split('\n').Skip(1).Select(static l => l.Trim().Split(" is ")[0])];
        Assert.Equal(["MaxMessageBytes", "DrainTimeout", "Supervision.Workers", "Supervision.Spares", "Supervision.DrainTimeout"], named);
    }

    [Fact]
    public async Task A_directory_whose_name_looks_like_a_part_of_an_address_holds_sockets_like_any_other()
    {
        var directory = Directory.CreateDirectory(Path.Combine(Path.GetTempPath(), $"#{Guid.NewGuid().ToString("n")[..8]} ?a=b"));
        var options = TestPool.Options();
        await using (var pool = await TestPool.StartAsync(options with { Supervision = options.Supervision with { Directory = directory.FullName } }))
        {
            Assert.Equal(3, await pool.Submit<int>("add", [1, 2]).Task.WaitAsync(TestPool.Patience));
        }

        directory.Delete();
    }

    [Fact]
    [Trait("Scenario", "19")]
    public async Task A_killed_worker_leaves_nothing_in_its_directory_for_temporary_files()
    {
        var directory = Directory.CreateDirectory(TestPool.NewPath());
        var command = TestPool.Worker() with { Environment = ImmutableDictionary<string, string>.Empty.Add("TMPDIR", directory.FullName) };
        await using (var pool = await WorkerPool.StartAsync(command, TestPool.Options(), TestContext.Current.CancellationToken).WaitAsync(TestPool.Patience))
        {
            Assert.NotEmpty(directory.EnumerateFiles("dotnet-diagnostic-*"));
            Assert.NotNull(await TestPool.FailureOf(pool.Submit("signal", [9])));
        }

        Assert.Empty(directory.EnumerateFiles());
        directory.Delete();
    }

    [Fact]
    [Trait("Scenario", "46")]
    public async Task Workers_survive_the_thread_that_started_the_pool()
    {
        WorkerPool pool = null!;
        var starter = new Thread(() => pool = TestPool.StartAsync().GetAwaiter().GetResult());
        starter.Start();
        starter.Join();

        // The thread is gone, and with it what the kernel would tie to it. The worker answers, and is the first one.
        Assert.Equal(3, await pool.Submit<int>("add", [1, 2]).Task.WaitAsync(TestPool.Patience));
        Assert.Equal(1, pool.Workers[0].Id.Incarnation);
        await pool.DisposeAsync();
    }

    [Fact]
    [Trait("Scenario", "47")]
    public async Task A_pool_disposed_right_after_submits_finishes_them_and_leaves_nobody_behind()
    {
        var pool = await TestPool.StartAsync(TestPool.Options(workers: 2));
        var pids = pool.Workers.Select(w => w.Pid).ToList();
        var futures = Enumerable.Range(0, 500).Select(i => pool.Submit<int>("add", [i, 1])).ToList();

        await pool.DisposeAsync().AsTask().WaitAsync(TestPool.Patience);

        Assert.Equal(Enumerable.Range(1, 500), await TaskFuture.WhenAll(futures));
        Assert.All(pids, pid => Assert.False(TestPool.IsAlive(pid)));
        var refused = Assert.Throws<TaskException>(() => pool.Submit<int>("add", [1, 2]));
        Assert.Equal(TaskFailureKind.Rejected, refused.Kind);
    }

    [Fact]
    [Trait("Scenario", "47")]
    public async Task Stop_and_dispose_may_race_and_be_repeated()
    {
        var pool = await TestPool.StartAsync();
        var running = pool.Submit<int>("sleep", [600_000]);
        await TestPool.Until(() => running.State == TaskState.Running);

        await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Task.Run(() => i % 2 == 0 ? pool.StopAsync(StopMode.CancelAll) : pool.DisposeAsync().AsTask(), TestContext.Current.CancellationToken)))
            .WaitAsync(TestPool.Patience);
        await pool.DisposeAsync();

        Assert.Equal(TaskState.Cancelled, running.State);
        await running.Settled.WaitAsync(TestPool.Patience);
    }

    [Fact]
    public async Task Nothing_is_accepted_after_a_stop_that_nobody_waits_for()
    {
        var pool = await TestPool.StartAsync();
        var running = pool.Submit<int>("sleep", [600_000]);
        var stop = pool.StopAsync(StopMode.CancelAll);

        Assert.Equal(TaskFailureKind.Rejected, Assert.Throws<TaskException>(() => pool.Submit<int>("add", [1, 2])).Kind);
        await stop.WaitAsync(TestPool.Patience);
        Assert.Equal(TaskState.Cancelled, running.State);
    }

    [Fact]
    [Trait("Scenario", "3")]
    public async Task A_callback_may_stop_the_pool()
    {
        var pool = await TestPool.StartAsync();
        var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        pool.Submit<int>("add", [1, 2]).AddDoneCallback(_ =>
        {
            pool.StopAsync().GetAwaiter().GetResult();
            stopped.SetResult();
        });

        await stopped.Task.WaitAsync(TestPool.Patience);
        await pool.DisposeAsync();
    }

    [Fact]
    [Trait("Scenario", "49")]
    public async Task The_queue_limit_is_exact_under_a_thousand_submitters()
    {
        await using var pool = await TestPool.StartAsync(TestPool.Options() with { QueueCapacity = 100 });
        var here = TestPool.NewPath();
        var there = TestPool.NewPath();
        var running = pool.Submit<int>("meet", [here, there]);
        await TestPool.Until(() => File.Exists(here));

        var answers = await Task.WhenAll(Enumerable.Range(0, 1000).Select(i => Task.Run(() =>
        {
            try
            {
                return (Future: pool.Submit<int>("add", [i, 1]), Refusal: (TaskException?)null);
            }
            catch (TaskException e)
            {
                return (null!, e);
            }
        })));

        Assert.Equal(100, answers.Count(a => a.Refusal is null));
        Assert.All(answers.Where(a => a.Refusal is not null), a =>
        {
            Assert.Equal(TaskFailureKind.Rejected, a.Refusal!.Kind);
            Assert.True(a.Refusal.Failure.RetryAfter > TimeSpan.Zero);
            Assert.Contains("QueueCapacity = 100", a.Refusal.Message, StringComparison.Ordinal);
        });
        var patient = pool.SubmitAsync<int>("add", [41, 1]);
        Assert.False(patient.IsCompleted);
        await File.WriteAllTextAsync(there, "", TestContext.Current.CancellationToken);
        Assert.Equal(42, await (await patient.AsTask().WaitAsync(TestPool.Patience)).Task.WaitAsync(TestPool.Patience));
        await running;
        File.Delete(here);
        File.Delete(there);
    }
}
