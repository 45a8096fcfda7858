namespace WorkerHost.Conformance.Tests;

/// <summary>What a task has said of its progress. The last report may come a moment after the end.</summary>
internal sealed class Reports : IProgress<TaskProgress>
{
    private readonly Lock gate = new();
    private readonly List<TaskProgress> all = [];
    private TaskCompletionSource changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Report(TaskProgress value)
    {
        TaskCompletionSource told;
        lock (gate)
        {
            all.Add(value);
            (told, changed) = (changed, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        }

        told.SetResult();
    }

    /// <summary>Until the last is this one; then all of them.</summary>
    public async Task<IReadOnlyList<TaskProgress>> UntilAsync(double fraction, string message, TimeSpan patience)
    {
        using var limit = new CancellationTokenSource(patience);
        while (true)
        {
            Task next;
            lock (gate)
            {
                if (all is [.., var last] && last.Fraction == fraction && last.Message == message)
                {
                    return [.. all];
                }

                next = changed.Task;
            }

            try
            {
                await next.WaitAsync(limit.Token);
            }
            catch (OperationCanceledException)
            {
                throw new InvalidDataException($"the last report is {all.LastOrDefault()}");
            }
        }
    }
}
