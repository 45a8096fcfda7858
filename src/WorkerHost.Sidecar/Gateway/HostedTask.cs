using Google.Protobuf;
using WorkerHost.Client;
using WorkerHost.Worker;

namespace WorkerHost.Sidecar.Gateway;

/// <summary>
/// A task of a client's between the call or session it came by and the pool that runs it. A call hears of its outcome at once; a session when nothing
/// of it runs any more, because that is what the client's own pool makes of it. It outlives a session that breaks: another one may attach to it. Thread-safe.
/// </summary>
internal sealed class HostedTask : IHostedTask
{
    // A death report with all it knows of the worker has its place in a frame beside others.
    private const int MaxFailureBytes = 32 * 1024;

    private readonly Lock gate = new();
    private readonly PoolCore core;
    private readonly HostedClient? client;
    private readonly HostedItems? items;
    private readonly string name;
    private readonly int bytes;
    private readonly int content;
    private TaskRun? listener;
    private List<TaskRun>? more;
    private TaskEntry? entry;
    private AttemptOutcome outcome;
    private int awaited;
    private bool ended;
    private bool givenBack;

    /// <param name="core">Whose task it is.</param>
    /// <param name="run">Who wants to hear of it.</param>
    /// <param name="client">Who may ask for it in another session; null: nobody.</param>
    public HostedTask(PoolCore core, TaskRun run, HostedClient? client)
    {
        this.core = core;
        this.client = client;
        listener = run;
        name = run.Task;
        bytes = run.Payload.Length;
        content = client is null ? 0 : ContentOf(run.Payload);
        Number = (run as SessionTask)?.Number ?? 0;
        items = run.Output is { TakesItems: true } ? new HostedItems(this, run, core.MaxMessageBytes) : null;
        awaited = (WaitsForItsEnd ? 2 : 1) + (items is null ? 0 : 1);
        run.Elsewhere = this;
    }

    public ulong Number { get; }

    /// <summary>Its outcome is among those that are kept; guarded by them.</summary>
    public bool IsKept { get; set; }

    /// <summary>The worker it ran at last, and which attempt that was.</summary>
    public (string Worker, int Attempt) Whereabouts => (entry!.Endpoint?.Worker.Id.ToString() ?? "", entry.Attempt);

    /// <summary>Its client has it back, or will have when it asks again.</summary>
    public bool IsGivenBack
    {
        get
        {
            lock (gate)
            {
                return givenBack;
            }
        }
    }

    // A failure may have the reports of several deaths.
    private int KeptBytes => outcome.Failure is null ? outcome.Data.Length : MaxFailureBytes / 4;

    private bool WaitsForItsEnd => client is not null;

    /// <summary>Null: there is nothing to be submitted.</summary>
    public TaskEntry? Prepare(TaskRun run)
    {
        var terms = HostedTerms.Of(run);
        var made = core.Tasks.PrepareFor(
            this,
            run.Task,
            run.Payload.Memory,
            run.ContentType is { Length: > 0 } type ? type : ContentType.Json,
            terms,
            terms.Id is null ? run.Id : null,
            items?.Buffer,
            run.Output is null ? null : new HostedProgress(run),
            client?.Share ?? core.ShareOf(run));
        if (items is not null)
        {
            Unawaited.Observe(items.CarryAsync());
        }

        return made;
    }

    /// <summary>Whether another submission means the same task; null: it does. Else what tells them apart.</summary>
    public string? DifferenceTo(TaskRun other) =>
        other.Task != name ? $"task {name}"
        : other.Payload.Length != bytes ? $"one of {bytes} bytes"
        : ContentOf(other.Payload) != content ? $"one whose {bytes} bytes are others"
        : null;

    /// <summary>From now on this one is told, too: at once, if it has ended.</summary>
    public void Attach(TaskRun run)
    {
        run.Elsewhere = this;
        bool isOver;
        bool isBack;
        lock (gate)
        {
            (isOver, isBack) = (ended, givenBack);
            if (!isOver && items is null)
            {
                if (listener is null)
                {
                    listener = run;
                }
                else
                {
                    (more ??= []).Add(run);
                }
            }
        }

        if (isBack)
        {
            run.GiveBack();
        }
        else if (items is not null)
        {
            run.Complete(TaskEnd.FailedWith(HostedFailures.BrokenStream(run)), hurry: false);
        }
        else if (isOver)
        {
            run.Complete(End(run), hurry: false);
        }
    }

    /// <summary>A session has ended: it is not told any more.</summary>
    /// <param name="session">Which.</param>
    /// <param name="forGood">Nobody will ask for what it had.</param>
    public void Detach(TaskSession session, bool forGood)
    {
        bool isOver;
        lock (gate)
        {
            var others = more?.RemoveAll(run => Belongs(run, session)) > 0;
            if (!others && !Belongs(listener, session))
            {
                return;
            }

            if (Belongs(listener, session))
            {
                listener = null;
            }

            isOver = ended;
            if (listener is not null || more is { Count: > 0 })
            {
                return;
            }
        }

        if (items is not null)
        {
            Cancel(StopCause.Caller);
        }

        if (forGood)
        {
            Forget(wasSeen: true);
        }
        else if (isOver)
        {
            core.Keep(this, KeptBytes);
        }
    }

    /// <param name="wasSeen">Its client knows how it ended, or does not want to.</param>
    public void Forget(bool wasSeen) => client?.Forget(this, wasSeen);

    /// <summary>Its client asks for it back. True: nothing of it has begun or will; whoever asks has to say so.</summary>
    public bool TryGiveBack(TaskRun run)
    {
        if (entry is not { } known || !core.Tasks.TakeBackFor(this, known))
        {
            return false;
        }

        List<TaskRun> others;
        lock (gate)
        {
            ended = givenBack = true;
            others = [.. (more ?? []).Append(listener).OfType<TaskRun>().Where(other => other != run)];
        }

        items?.Abandon();
        others.ForEach(static other => other.GiveBack());
        return true;
    }

    public void Begins(TaskEntry task) => entry = task;

    public void Cancel(StopCause cause)
    {
        items?.Abandon();
        if (entry is { } known)
        {
            core.Tasks.CancelFor(known);
        }
    }

    public void GiveRoom(int count, long size) => core.Tasks.Grant(entry!, count, size);

    public void Complete(in AttemptOutcome how)
    {
        entry!.Trace?.Ended(how);
        outcome = how;
        items?.Buffer.Complete();
        Step();
    }

    public void Settle()
    {
        if (WaitsForItsEnd)
        {
            Step();
        }
    }

    /// <summary>Every item was handed on.</summary>
    public void ItemsEnded() => Step();

    private static bool Belongs(TaskRun? run, TaskSession session) => run is SessionTask { Session: var its } && its == session;

    private static int ContentOf(ByteString data)
    {
        var hash = new HashCode();
        hash.AddBytes(data.Span);
        return hash.ToHashCode();
    }

    // Outcome, end and the last item may be brought by several threads in any order: the last of them tells.
    private void Step()
    {
        if (Interlocked.Decrement(ref awaited) != 0)
        {
            return;
        }

        TaskRun? first;
        TaskRun[] others;
        lock (gate)
        {
            ended = true;
            first = listener;
            others = more is null ? [] : [.. more];
        }

        if (first is null && others.Length == 0)
        {
            core.Keep(this, KeptBytes);
        }
        else
        {
            Tell(first);
            foreach (var other in others)
            {
                Tell(other);
            }
        }
    }

    private void Tell(TaskRun? run)
    {
        if (run is not null)
        {
            if (outcome.Failure is not { NeverStarted: true })
            {
                run.Began();
            }

            if (run is SessionTask { Session: var session } task && ToldTogether.IsOpen)
            {
                if (session.CompleteLater(task, End(run)))
                {
                    ToldTogether.Afterwards(session.Flush);
                }
            }
            else
            {
                run.Complete(End(run), hurry: false);
            }
        }
    }

    private TaskEnd End(TaskRun run)
    {
        var service = entry!.Service is { IsKnown: true } known ? (ulong)known.Microseconds : 0;
        if (outcome.IsSuccess)
        {
            return new TaskEnd
            {
                Data = UnsafeByteOperations.UnsafeWrap(outcome.Data),
                ContentType = outcome.ContentType,
                Answer = outcome.Answer,
                ServiceMicroseconds = service,
            };
        }

        var failure = outcome.Failure
            ?? new TaskFailure { Kind = TaskFailureKind.TaskFailed, Message = $"a strategy of the host threw {outcome.Error!.GetType()}: {outcome.Error.Message}" };
        var message = FailureMessage.Of(failure, run.Id, run.Task);
        FailureSize.Shrink(message, MaxFailureBytes);
        return TaskEnd.FailedWith(message, service, failure.Answer);
    }
}
