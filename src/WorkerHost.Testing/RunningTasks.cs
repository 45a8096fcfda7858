namespace WorkerHost.Testing;

/// <summary>Which tasks handlers are in, for whoever waits for that fact. Thread-safe.</summary>
internal sealed class RunningTasks
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, int> running = new(StringComparer.Ordinal);
    private readonly List<(string Task, int Count, TaskCompletionSource Reached)> waiting = [];

    public void Began(string task)
    {
        lock (gate)
        {
            var now = running[task] = running.GetValueOrDefault(task) + 1;
            foreach (var waiter in waiting)
            {
                if (waiter.Task == task && now >= waiter.Count)
                {
                    waiter.Reached.TrySetResult();
                }
            }

            waiting.RemoveAll(static w => w.Reached.Task.IsCompleted);
        }
    }

    public void Ended(string task)
    {
        lock (gate)
        {
            running[task]--;
        }
    }

    public Task Reach(string task, int count)
    {
        lock (gate)
        {
            if (running.GetValueOrDefault(task) >= count)
            {
                return Task.CompletedTask;
            }

            var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            waiting.Add((task, count, reached));
            return reached.Task;
        }
    }
}
