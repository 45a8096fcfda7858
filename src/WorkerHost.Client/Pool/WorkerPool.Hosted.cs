namespace WorkerHost;

/// <summary>Tasks that a host submits for its clients.</summary>
public sealed partial class WorkerPool
{
    /// <summary>How many tasks the workers of the pool run at the same time, as far as they are connected.</summary>
    internal int Lanes => loop.Lanes;

    /// <summary>What the workers say that they can run; empty before the first of them is connected.</summary>
    internal IReadOnlyList<V1.TaskDescription> Described => connector.Described;

    internal KeptOutcomeOptions KeptOutcomes => options.KeptOutcomes;

    internal int MaxMessageBytes => options.MaxMessageBytes;

    /// <summary>Submits a task of somebody else's. Whatever becomes of it, a refusal too, is told to whoever submits it; nothing is thrown.</summary>
    /// <param name="told">Told of its beginning, its outcome and its end.</param>
    /// <param name="task">The name the worker mapped its handler under.</param>
    /// <param name="data">The payload.</param>
    /// <param name="contentType">What it is.</param>
    /// <param name="taskOptions">With an id it is the same task as another of that id.</param>
    /// <param name="id">What it is called where <paramref name="taskOptions"/> have no id; null: the pool makes an id up.</param>
    /// <param name="items">Where its items go one by one; null: nobody takes them so.</param>
    /// <param name="progress">Told how far it is; null: nobody asks.</param>
    /// <param name="share">Which of several clients it is of; null: nobody's in particular. Made for this pool.</param>
    internal void SubmitFor(
        Client.IHostedTask told,
        string task,
        ReadOnlyMemory<byte> data,
        string contentType,
        TaskOptions taskOptions,
        string? id = null,
        Client.ItemBuffer? items = null,
        IProgress<TaskProgress>? progress = null,
        Client.CallerShare? share = null)
    {
        var entry = new Client.TaskEntry(Interlocked.Increment(ref lastNumber), task, taskOptions, data, contentType, AttemptsOf(taskOptions))
        {
            GivenId = id,
            Completion = told,
            Share = share,
        };
        if (items is not null || progress is not null)
        {
            entry.Feed = new Client.TaskFeed(items, progress is null ? null : new Client.ProgressRelay(progress, entry, identity));
        }

        if (taskOptions.Id is { } shared)
        {
            var made = new Client.SharedTask(entry, known);
            if (known.FindOrAdd(shared, made) is { } same)
            {
                Attach(told, entry, same);
                return;
            }

            entry.Completion = made;
            made.Attach(told);
        }

        told.Begins(entry);
        entry.Trace = Client.TaskTrace.Begin(identity, entry, options.TimeProvider);
        var completion = entry.Completion!;
        var pipeline = retries.PipelineOf(taskOptions);
        if (loop.Submit(entry, held: pipeline is not null) is { } refusal)
        {
            Interlocked.Increment(ref refused);
            completion.Complete(Client.AttemptOutcome.Failed(refusal));
            completion.Settle();
        }
        else if (pipeline is not null)
        {
            retries.Begin(loop, entry, completion, pipeline);
        }
    }

    /// <summary>Cancels it, in whatever state it is.</summary>
    internal void CancelFor(Client.TaskEntry entry) => loop.Cancel(entry);

    internal void Grant(Client.TaskEntry entry, int items, long bytes) => loop.Grant(entry, items, bytes);

    private static void Attach(Client.IHostedTask told, Client.TaskEntry entry, Client.SharedTask same)
    {
        told.Begins(same.Entry);
        if (same.DifferenceTo(entry) is { } difference)
        {
            told.Complete(Client.AttemptOutcome.Failed(new TaskFailure
            {
                Kind = TaskFailureKind.BadInput,
                NeverStarted = true,
                Message = $"task {entry.Task} with {entry.Bytes} bytes has the id {entry.Options.Id}, which is that of another: {difference}",
            }));
            told.Settle();
            return;
        }

        same.Attach(told);
    }
}
