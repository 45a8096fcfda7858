namespace WorkerHost.Tests;

/// <summary>Time limits and the queue, with a real worker that writes down what it runs.</summary>
[Trait("Scenario", "53")]
public sealed class AdmissionTests : RecordedRuns
{
    [Fact]
    public async Task A_task_whose_time_limit_passes_in_the_queue_never_reaches_the_worker()
    {
        var running = await KeepBusyAsync();
        var late = Record(new TaskOptions { TimeLimit = TimeSpan.FromMilliseconds(50), Id = "late" });
        var good = Record(new TaskOptions { TimeLimit = TimeSpan.FromMinutes(5), Id = "good" });

        var failure = (await TestPool.FailureOf(late))!.Failure;

        Assert.Equal((TaskFailureKind.DeadlineExceeded, true), (failure.Kind, failure.NeverStarted));
        Assert.Empty(late.Attempts);
        await GoOnAsync(running);
        await good.Task.WaitAsync(TestPool.Patience);
        Assert.Equal(["good"], Begun());
    }

    [Fact]
    public async Task A_task_that_would_not_begin_in_time_is_refused_at_once_and_the_others_go_on()
    {
        await TaskFuture.WhenAll(Enumerable.Range(0, 20).Select(_ => Record(TaskOptions.Default))).WaitAsync(TestPool.Patience);
        var running = await KeepBusyAsync();
        var waiting = Enumerable.Range(0, 200).Select(_ => Record(TaskOptions.Default)).ToList();

        var refused = Assert.Throws<TaskException>(() => Record(new TaskOptions { TimeLimit = TimeSpan.FromSeconds(0.5), Id = "hopeless" }));
        var patient = Record(new TaskOptions { TimeLimit = TimeSpan.FromMinutes(5), Id = "patient" });

        Assert.Equal((TaskFailureKind.Rejected, true), (refused.Kind, refused.Failure.NeverStarted));
        Assert.True(refused.Failure.RetryAfter > TimeSpan.Zero);
        Assert.Contains("200 tasks wait before it", refused.Message, StringComparison.Ordinal);
        await GoOnAsync(running);
        await TaskFuture.WhenAll(waiting.Append(patient)).WaitAsync(TestPool.Patience);
        Assert.DoesNotContain("hopeless", Begun());

        // Its id was not used up by the refusal.
        Assert.Equal("hopeless", await Record(new TaskOptions { TimeLimit = TimeSpan.FromMinutes(5), Id = "hopeless" }).Task.WaitAsync(TestPool.Patience));
    }

    [Fact]
    [Trait("Category", "Slow")]
    public async Task Waiting_for_a_place_in_the_queue_does_not_help_a_task_that_would_come_too_late()
    {
        await TaskFuture.WhenAll(Enumerable.Range(0, 20).Select(_ => Record(TaskOptions.Default))).WaitAsync(TestPool.Patience);
        var running = await KeepBusyAsync();
        var waiting = Enumerable.Range(0, 200).Select(_ => Record(TaskOptions.Default)).ToList();

        var submit = Pool.SubmitAsync<string>("record", [RecordPath, 10], new TaskOptions { TimeLimit = TimeSpan.FromSeconds(0.5) }).AsTask();

        Assert.Equal(TaskFailureKind.Rejected, (await Assert.ThrowsAsync<TaskException>(() => submit.WaitAsync(TestPool.Patience))).Kind);
        await GoOnAsync(running);
        await TaskFuture.WhenAll(waiting).WaitAsync(TestPool.Patience);
    }
}
