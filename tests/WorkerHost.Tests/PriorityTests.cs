namespace WorkerHost.Tests;

/// <summary>Priorities, with a real worker that writes down what it runs and when.</summary>
[Trait("Scenario", "52")]
public sealed class PriorityTests : RecordedRuns
{
    private static readonly TaskOptions Low = new() { Priority = TaskPriority.Low };
    private static readonly TaskOptions High = new() { Priority = TaskPriority.High };

    [Fact]
    public async Task Tasks_of_high_priority_overtake_a_backlog_and_each_priority_keeps_its_order()
    {
        var running = await KeepBusyAsync();
        var low = Enumerable.Range(0, 30).Select(_ => Record(Low)).ToList();
        var normal = Enumerable.Range(0, 3).Select(_ => Record(TaskOptions.Default)).ToList();
        var high = Enumerable.Range(0, 5).Select(_ => Record(High)).ToList();
        await GoOnAsync(running);

        await TaskFuture.WhenAll(low.Concat(normal).Concat(high)).WaitAsync(TestPool.Patience);

        Assert.Equal(high.Concat(normal).Concat(low).Select(static f => f.Id), Begun());
    }

    [Fact]
    public async Task A_task_of_low_priority_ends_although_the_stream_of_high_ones_never_does()
    {
        using var enough = new CancellationTokenSource();
        var streams = Enumerable.Range(0, 4).Select(_ => StreamAsync(enough.Token)).ToList();
        await TestPool.Until(() => File.Exists(RecordPath) && Begun().Count > 0);

        var before = Begun().Count;
        var waiting = Record(Low);
        await waiting.Task.WaitAsync(TestPool.Patience);

        // What was in the worker or on the way to it when the low one came has had its turn already.
        var place = Begun().IndexOf(waiting.Id);
        Assert.InRange(place - before, 0, 16 + 2);
        await enough.CancelAsync();
        await Task.WhenAll(streams).WaitAsync(TestPool.Patience);

        async Task StreamAsync(CancellationToken end)
        {
            while (!end.IsCancellationRequested)
            {
                await Record(High);
            }
        }
    }
}
