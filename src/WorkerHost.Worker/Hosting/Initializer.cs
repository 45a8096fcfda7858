namespace WorkerHost.Worker;

/// <summary>What a program wants done once in its process before the worker takes tasks.</summary>
internal sealed class Initializer
{
    private readonly List<Func<CancellationToken, Task>> steps = [];

    public bool IsEmpty => steps.Count == 0;

    public void Add(Func<CancellationToken, Task> step) => steps.Add(step);

    /// <summary>
    /// Runs the steps in order on a thread of their own: user code may block, and the thread pool is for the endpoint. The
    /// task ends as they end.
    /// </summary>
    public Task RunAsync(CancellationToken cancellationToken)
    {
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        new Thread(() =>
        {
            try
            {
                foreach (var step in steps)
                {
                    step(cancellationToken).GetAwaiter().GetResult();
                }

                ended.SetResult();
            }
            catch (Exception e)
            {
                ended.SetException(e);
            }
        })
        { Name = "workerhost initializer", IsBackground = true }.UnsafeStart();
        return ended.Task;
    }
}
