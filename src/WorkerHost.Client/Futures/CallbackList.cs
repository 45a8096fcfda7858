using Microsoft.Extensions.Logging;

namespace WorkerHost.Client;

/// <summary>Callbacks of one future: in order, once each, one that throws never keeps the next from running. Thread-safe.</summary>
internal sealed class CallbackList
{
    private readonly Lock gate = new();
    private readonly Queue<Action> waiting = new();
    private readonly Task completion;
    private readonly ILogger logger;
    private readonly string task;
    private bool running;

    public CallbackList(Task completion, ILogger logger, string task)
    {
        this.completion = completion;
        this.logger = logger;
        this.task = task;

        // The task's continuations run on the thread pool. Whoever awaits the future may go on before callbacks have run.
        completion.ContinueWith(static (_, self) => ((CallbackList)self!).RunAll(), this, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
    }

    /// <summary>After the end the callback runs at once on this thread, or on the one that runs those before it.</summary>
    public void Add(Action callback)
    {
        lock (gate)
        {
            waiting.Enqueue(callback);
        }

        if (completion.IsCompleted)
        {
            RunAll();
        }
    }

    private void RunAll()
    {
        lock (gate)
        {
            if (running)
            {
                return;
            }

            running = true;
        }

        while (true)
        {
            Action callback;
            lock (gate)
            {
                if (!waiting.TryDequeue(out callback!))
                {
                    running = false;
                    return;
                }
            }

            Run(callback);
        }
    }

    private void Run(Action callback)
    {
        try
        {
            callback();
        }
        catch (Exception e)
        {
            Log.CallbackThrew(logger, e, task);
        }
    }
}
