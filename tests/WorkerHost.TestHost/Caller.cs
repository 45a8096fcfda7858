namespace WorkerHost.TestHost;

/// <summary>Calls the pool for as long as it accepts calls.</summary>
internal sealed class Caller(WorkerPool pool, string task, int milliseconds)
{
    private const int Loops = 16;

    private int accepted;
    private int succeeded;
    private int cancelled;
    private int failed;

    public Task CallUntilRefusedAsync() => Task.WhenAll(Enumerable.Range(0, Loops).Select(_ => Task.Run(LoopAsync)));

    public override string ToString() => $"accepted {accepted} succeeded {succeeded} cancelled {cancelled} failed {failed}";

    private async Task LoopAsync()
    {
        while (true)
        {
            TaskFuture<int> future;
            try
            {
                future = pool.Submit<int>(task, [milliseconds]);
                Interlocked.Increment(ref accepted);
            }
            catch (TaskException e) when (e.Kind == TaskFailureKind.Rejected)
            {
                return;
            }

            try
            {
                await future;
                Interlocked.Increment(ref succeeded);
            }
            catch (OperationCanceledException)
            {
                Interlocked.Increment(ref cancelled);
            }
            catch (TaskException e)
            {
                Interlocked.Increment(ref failed);
                Console.Error.WriteLine(e);
            }
        }
    }
}
