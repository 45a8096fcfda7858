using Microsoft.Extensions.Logging;

namespace WorkerHost.Client;

/// <summary>Callbacks of one future: in order, once each, one that throws never keeps the next from running. Thread-safe.</summary>
internal sealed class CallbackList
{
    private readonly Lock gate = new();
    private readonly Queue<Action> waiting = new();
    private readonly ILogger logger;
    private readonly string task;
    private bool done;

    public CallbackList(Task completion, ILogger logger, string task)
    {
        this.logger = logger;
        this.task = task;

        // The task's continuations run on the thread pool. Whoever awaits the future may go on before callbacks have run.
        completion.ContinueWith(static (_, self) => ((CallbackList)self!).RunAll(), this, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
    }

    public void Add(Action callback)
    {
        lock (gate)
        {
            if (!done)
            {
                waiting.Enqueue(callback);
                return;
            }
        }

        Run(callback);
    }

    private void RunAll()
    {
        while (true)
        {
            Action callback;
            lock (gate)
            {
                if (!waiting.TryDequeue(out callback!))
                {
                    done = true;
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
