using System.Collections.Concurrent;

namespace WorkerHost.Sidecar.Tests.Serving;

/// <summary>So many calls are under way at all times, until it is stopped.</summary>
internal sealed class Load
{
    private readonly CancellationTokenSource stop = new();
    private readonly ConcurrentQueue<Exception> failures = [];
    private readonly Task loops;
    private long finished;

    private Load(int inFlight, Func<Task> call) => loops = Task.WhenAll(Enumerable.Range(0, inFlight).Select(_ => Task.Run(() => LoopAsync(call))));

    public IReadOnlyCollection<Exception> Failures => failures;

    public long Finished => Interlocked.Read(ref finished);

    public static Load Start(int inFlight, Func<Task> call) => new(inFlight, call);

    /// <summary>Waits for that many more successes.</summary>
    public async Task AnotherAsync(long calls)
    {
        var enough = Finished + calls;
        await Eventually.IsTrue(() => Finished >= enough || !failures.IsEmpty, $"{calls} more calls end");
    }

    /// <summary>Lets what is under way end.</summary>
    public async Task StopAsync()
    {
        await stop.CancelAsync();
        await loops.WaitAsync(Eventually.Patience);
        stop.Dispose();
    }

    private async Task LoopAsync(Func<Task> call)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await call();
                Interlocked.Increment(ref finished);
            }
            catch (Exception e)
            {
                failures.Enqueue(e);
                return;
            }
        }
    }
}
