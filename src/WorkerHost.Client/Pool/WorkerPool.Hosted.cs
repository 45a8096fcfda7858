namespace WorkerHost;

/// <summary>Tasks that a host submits for its clients.</summary>
public sealed partial class WorkerPool
{
    private Action<Client.TaskEntry, TaskFailure>? refuseFor;

    /// <summary>Those who are told have something to do once for all that they are told at a time (<see cref="Client.ToldTogether"/>).</summary>
    internal void TellTogether() => loop.TellsTogether = true;

    /// <summary>How many tasks the workers of the pool run at the same time, as far as they are connected.</summary>
    internal int Lanes => loop.Lanes;

    /// <summary>What the workers say that they can run; empty before the first of them is connected.</summary>
    internal IReadOnlyList<V1.TaskDescription> Described => connector.Described;

    internal KeptOutcomeOptions KeptOutcomes => options.KeptOutcomes;

    internal int MaxMessageBytes => options.MaxMessageBytes;

    /// <summary>
    /// Makes a task of somebody else's ready to be submitted with <see cref="SubmitFor"/>. Whatever becomes of it, a refusal too, is told to whoever wants it
    /// done; nothing is thrown.
    /// </summary>
    /// <param name="told">Told of its beginning, its outcome and its end.</param>
    /// <param name="task">The name the worker mapped its handler under.</param>
    /// <param name="data">The payload.</param>
    /// <param name="contentType">What it is.</param>
    /// <param name="taskOptions">With an id it is the same task as another of that id.</param>
    /// <param name="id">What it is called where <paramref name="taskOptions"/> have no id; null: the pool makes an id up.</param>
    /// <param name="items">Where its items go one by one; null: nobody takes them so.</param>
    /// <param name="progress">Told how far it is, at once and on the thread that reads, so it has to be quick; null: nobody asks.</param>
    /// <param name="share">Which of several clients it is of; null: nobody's in particular. Made for this pool.</param>
    /// <returns>Null: there is nothing to be submitted, because it is a task that is known already.</returns>
    internal Client.TaskEntry? PrepareFor(
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
            Share = share,
            Completion = told,
        };
        if (items is not null || progress is not null)
        {
            entry.Feed = new Client.TaskFeed(items, progress is null ? null : new Client.ProgressRelay(progress, entry, identity) { AtOnce = true });
        }

        if (taskOptions.Id is { } shared)
        {
            var made = new Client.SharedTask(entry, known);
            while (known.FindOrAdd(shared, made) is { } same)
            {
                if (Attach(told, entry, same))
                {
                    return null;
                }

                known.Forget(same);
            }

            entry.Completion = made;
            made.Attach(told);
        }

        told.Begins(entry);
        entry.Trace = Client.TaskTrace.Begin(identity, entry, options.TimeProvider, isHosted: true);
        return entry;
    }

    /// <summary>Submits what was made ready, all of it at once.</summary>
    internal void SubmitFor(IReadOnlyList<Client.TaskEntry> entries)
    {
        // Strategies are objects and come from code: a host, whose pools come from a file, has none.
        loop.Submit(entries, refuseFor ??= (entry, refusal) =>
        {
            Interlocked.Increment(ref refused);
            var told = entry.Completion!;
            told.Complete(Client.AttemptOutcome.Failed(refusal));
            told.Settle();
        });
    }

    /// <summary>Cancels it, in whatever state it is.</summary>
    internal void CancelFor(Client.TaskEntry entry) => loop.Cancel(entry);

    internal void Grant(Client.TaskEntry entry, int items, long bytes) => loop.Grant(entry, items, bytes);

    /// <summary>Gives a task back to the one who wanted it done, if nothing of it has begun: he is not told any more.</summary>
    /// <returns>False: it goes on.</returns>
    internal bool TakeBackFor(Client.IHostedTask told, Client.TaskEntry entry)
    {
        if (!loop.TakeBack(entry, told))
        {
            return false;
        }

        if (entry.Completion is Client.SharedTask shared)
        {
            known.Forget(shared);
        }

        return true;
    }

    /// <summary>False: everybody else has left it, and it is not run.</summary>
    private static bool Attach(Client.IHostedTask told, Client.TaskEntry entry, Client.SharedTask same)
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
            return true;
        }

        return same.Attach(told);
    }
}
