using System.Collections.Concurrent;
using System.Diagnostics;

namespace WorkerHost.Tests;

/// <summary>Keeps a pool busy: so many tasks are under way at all times, until it is stopped.</summary>
internal sealed class Load
{
    private readonly CancellationTokenSource stop = new();
    private readonly ConcurrentQueue<Exception> failures = [];
    private readonly long startedAt = Stopwatch.GetTimestamp();
    private readonly Task loops;
    private long finished;

    private Load(int inFlight, Func<TaskFuture> submit)
    {
        loops = Task.WhenAll(Enumerable.Range(0, inFlight).Select(_ => Task.Run(() => LoopAsync(submit))));
    }

    /// <summary>Tasks that succeeded so far.</summary>
    public long Finished => Interlocked.Read(ref finished);

    public static Load Start(int inFlight, Func<TaskFuture> submit) => new(inFlight, submit);

    /// <summary>Waits for that many more successes.</summary>
    public async Task AnotherAsync(long tasks)
    {
        var enough = Finished + tasks;
        await TestPool.Until(() => Finished >= enough || !failures.IsEmpty, $"{tasks} more tasks finish");
    }

    /// <summary>Lets what is under way end.</summary>
    /// <returns>Every failure, and how many tasks succeeded per second.</returns>
    public async Task<(IReadOnlyCollection<Exception> Failures, double Rate)> StopAsync()
    {
        await stop.CancelAsync();
        await loops.WaitAsync(TestPool.Patience);
        stop.Dispose();
        return (failures, Finished / Stopwatch.GetElapsedTime(startedAt).TotalSeconds);
    }

    private async Task LoopAsync(Func<TaskFuture> submit)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await submit().Completion;
                Interlocked.Increment(ref finished);
            }
            catch (Exception e) when (e is TaskException or OperationCanceledException)
            {
                failures.Enqueue(e);
                if (e is TaskException { Kind: TaskFailureKind.Rejected })
                {
                    return;
                }
            }
        }
    }
}
