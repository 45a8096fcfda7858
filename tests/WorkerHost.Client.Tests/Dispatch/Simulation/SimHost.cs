namespace WorkerHost.Client.Tests;

/// <summary>
/// A host: one pool behind any number of sessions. It knows its tasks by their ids, so that one which comes again in another session is attached to what
/// runs or given its kept outcome; what nobody came back for it abandons; and another instance of it knows nothing.
/// </summary>
internal sealed class SimHost(int slot, int lanes, HostSabotage sabotage)
{
    public static readonly TimeSpan KeepsFor = TimeSpan.FromTicks(30_000);

    private readonly Dictionary<ulong, HostTask> known = [];

    /// <summary>Whose outcomes the client has said to have read.</summary>
    private readonly HashSet<(ulong Number, int Submission)> forgotten = [];

    /// <summary>Had ended, and was dropped before anybody had read how.</summary>
    private readonly HashSet<ulong> lost = [];

    /// <summary>The client was away so long that nothing is known of it.</summary>
    private bool knowsNobody;
    private int starts = 1;

    public int Slot => slot;

    public int Lanes => lanes;

    public bool Up { get; private set; } = true;

    public bool Draining { get; set; }

    public string Instance => $"{slot}.{(sabotage == HostSabotage.SameInstance ? 1 : starts)}";

    public List<SimSession> Sessions { get; } = [];

    /// <summary>The pool of the client has a session that it does not know to be lost.</summary>
    public SimSession? Current => Sessions.Find(static s => !s.Ended);

    public bool MayStart => Up && known.Values.Count(static t => t.State == HostTaskState.Running) < lanes && known.Values.Any(static t => t.State == HostTaskState.Waiting);

    public bool IsBusy => Up && known.Values.Any(static t => t.State == HostTaskState.Running);

    public SimSession Open(EndpointState endpoint, long now)
    {
        if (sabotage != HostSabotage.ReadLate)
        {
            // What the one before had on its way is not read any more.
            Sessions.FindAll(static s => !s.IsNoticed).ForEach(s => Notice(s, now));
        }

        var session = new SimSession(this, endpoint);
        Sessions.Add(session);
        return session;
    }

    /// <summary>There is no room for what nobody has read, or its time has passed; nobody is there to be told.</summary>
    public void Forget(bool everything)
    {
        foreach (var (number, _) in known.Where(static t => t.Value is { State: HostTaskState.Ended, Attached.Count: 0 }).ToList())
        {
            known.Remove(number);
            if (sabotage != HostSabotage.ForgetWhatWasLost)
            {
                lost.Add(number);
            }
        }

        if (everything && known.Count == 0)
        {
            lost.Clear();
            knowsNobody = true;
        }
    }

    /// <param name="session">Whose next message is read.</param>
    /// <param name="full">There is no place for a new task.</param>
    public void Read(SimSession session, bool full)
    {
        var message = session.Wire.Dequeue();
        switch (message.Kind)
        {
            case HostMessageKind.Task when known.TryGetValue(message.Task!.Entry.Number, out var same):
                session.Ids[message.Sequence] = same;
                same.Attempt = message.Attempt;
                if (same.State == HostTaskState.Ended)
                {
                    Answer(session, message.Sequence, same);
                }
                else
                {
                    same.Attached.Add((session, message.Sequence));
                }

                break;
            case HostMessageKind.Task:
                var task = message.Task!;
                task.Demand(!message.Again || session.Ended || !forgotten.Contains((task.Entry.Number, task.Submissions)), $"comes again to {Instance} although its outcome was said to have been read");
                if (message.Again && !task.Entry.Options.Idempotent && (knowsNobody || lost.Contains(task.Entry.Number)))
                {
                    session.Unsent.Add(new HostAnswer(message.Sequence, task.Entry.Number, AttemptOutcome.Failed(new TaskFailure { Kind = TaskFailureKind.WorkerLost, Message = "not known any more" })));
                    break;
                }

                if (Draining || full)
                {
                    session.Unsent.Add(new HostAnswer(message.Sequence, task.Entry.Number, AttemptOutcome.Failed(DispatcherRig.Leaving())));
                    break;
                }

                var made = new HostTask(task) { Attempt = message.Attempt };
                made.Attached.Add((session, message.Sequence));
                known.Add(task.Entry.Number, made);
                session.Ids[message.Sequence] = made;
                break;
            case HostMessageKind.Cancel:
                if (session.Ids.TryGetValue(message.Sequence, out var cancelled))
                {
                    cancelled.CancelAsked = true;
                    if (cancelled.State == HostTaskState.Waiting)
                    {
                        End(cancelled, AttemptOutcome.Failed(new TaskFailure { Kind = TaskFailureKind.Cancelled, NeverStarted = true, Message = "cancelled" }));
                    }
                }

                break;
            case HostMessageKind.Recall:
                if (session.Ids.TryGetValue(message.Sequence, out var recalled) && recalled.State == HostTaskState.Waiting)
                {
                    GiveBack(recalled);
                }

                break;
            case HostMessageKind.Seen:
                var read = Math.Min((int)message.Sequence - session.Forgotten, session.Frames.Count);
                foreach (var told in session.Frames.Take(read).SelectMany(static f => f).OfType<HostTask>())
                {
                    var number = told.Task.Entry.Number;
                    if (known.GetValueOrDefault(number) == told)
                    {
                        known.Remove(number);
                        forgotten.Add((number, told.Submission));
                    }
                }

                session.Frames.RemoveRange(0, read);
                session.Forgotten += read;
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(message), message.Kind, "no such message");
        }
    }

    public void Start()
    {
        var next = known.Values.First(static t => t.State == HostTaskState.Waiting);
        next.State = HostTaskState.Running;
        var task = next.Task;
        task.Demand(task.Starts == 0 || task.Entry.Options.Idempotent, $"is not idempotent and was started a second time, on {Instance}");
        task.Starts++;
        task.Running++;
    }

    public void Finish(Schedule schedule, bool always)
    {
        var running = known.Values.Where(static t => t.State == HostTaskState.Running).ToList();
        var next = running[schedule.Next(running.Count)];
        var how = always ? 0 : schedule.Next(10);
        next.Task.Running--;
        End(next, next.CancelAsked && how < 8 ? AttemptOutcome.Failed(new TaskFailure { Kind = TaskFailureKind.Cancelled, Message = "it heeded" })
            : how < 8 ? AttemptOutcome.Success(SimResult.Write(next.Task.Entry.Number, next.Attempt), ContentType.Bytes)
            : AttemptOutcome.Failed(DispatcherRig.HandlerThrew(retryable: how == 9)));
    }

    /// <summary>It notices that a session of its is gone.</summary>
    public void Notice(SimSession session, long now)
    {
        session.IsNoticed = true;
        session.Wire.Clear();
        session.Unsent.Clear();
        foreach (var task in known.Values)
        {
            task.Attached.RemoveAll(a => a.Session == session);
            task.AbandonAt = task.Attached.Count == 0 && task.State != HostTaskState.Ended && task.AbandonAt == long.MaxValue ? now + KeepsFor.Ticks : task.AbandonAt;
        }

        Sessions.Remove(session);
        if (sabotage == HostSabotage.ForgetTasks)
        {
            foreach (var (number, task) in known.ToList())
            {
                if (task.State == HostTaskState.Ended)
                {
                    known.Remove(number);
                }
            }
        }
    }

    /// <summary>What nobody came back for.</summary>
    public void Abandon(long now)
    {
        foreach (var task in known.Values.ToList())
        {
            if (task.State == HostTaskState.Ended || task.Attached.Count > 0 || task.AbandonAt > now)
            {
                continue;
            }

            task.Task.Running -= task.State == HostTaskState.Running ? 1 : 0;
            // Its outcome is kept like any other.
            End(task, AttemptOutcome.Failed(new TaskFailure { Kind = TaskFailureKind.Cancelled, NeverStarted = task.State == HostTaskState.Waiting, Message = "abandoned" }));
        }
    }

    public void Crash()
    {
        Up = false;
        foreach (var task in known.Values)
        {
            task.Task.Running -= task.State == HostTaskState.Running ? 1 : 0;
        }

        known.Clear();
        forgotten.Clear();
        lost.Clear();
        knowsNobody = false;
        foreach (var session in Sessions)
        {
            session.Wire.Clear();
            session.Unsent.Clear();
            session.IsNoticed = true;
        }
    }

    public void Restart()
    {
        Up = true;
        Draining = false;
        starts++;
        Sessions.RemoveAll(static s => s.Ended);
    }

    /// <summary>It is to end in good order: what has not begun goes back.</summary>
    public void GiveBackWaiting()
    {
        foreach (var task in known.Values.Where(static t => t.State == HostTaskState.Waiting && t.Attached.Count > 0).ToList())
        {
            GiveBack(task);
        }
    }

    private void GiveBack(HostTask task)
    {
        known.Remove(task.Task.Entry.Number);
        foreach (var (session, sequence) in task.Attached)
        {
            session.Unsent.Add(new HostAnswer(sequence, task.Task.Entry.Number, null));
        }
    }

    private void End(HostTask task, AttemptOutcome outcome)
    {
        task.State = HostTaskState.Ended;
        task.Outcome = outcome;
        foreach (var (session, sequence) in task.Attached)
        {
            Answer(session, sequence, task);
        }

        task.Attached.Clear();
        if (outcome.Failure is { NeverStarted: true, Message: not "abandoned" })
        {
            known.Remove(task.Task.Entry.Number);
        }
    }

    private static void Answer(SimSession session, ulong sequence, HostTask task)
    {
        var outcome = task.Outcome.IsSuccess ? AttemptOutcome.Success(SimResult.Write(task.Task.Entry.Number, task.Attempt), ContentType.Bytes) : task.Outcome;
        session.Unsent.Add(new HostAnswer(sequence, task.Task.Entry.Number, outcome) { Kept = task });
    }
}

/// <summary>One session, as both ends see it.</summary>
internal sealed class SimSession(SimHost host, EndpointState endpoint)
{
    public SimHost Host => host;

    public EndpointState Endpoint => endpoint;

    /// <summary>Written by the pool, not yet read by the host.</summary>
    public Queue<HostMessage> Wire { get; } = new();

    public List<HostAnswer> Unsent { get; } = [];

    /// <summary>Frames on their way to the pool.</summary>
    public Queue<List<HostAnswer>> Kernel { get; } = new();

    /// <summary>Whose outcomes were in the frames that the pool has not said to have read, and how many were before those.</summary>
    public List<List<HostTask?>> Frames { get; } = [];

    public int Forgotten;

    public Dictionary<ulong, HostTask> Ids { get; } = [];

    /// <summary>The pool knows that it is gone.</summary>
    public bool Ended;

    /// <summary>The host knows.</summary>
    public bool IsNoticed;

    public void Flush()
    {
        Frames.Add(Unsent.ConvertAll(static a => a.Kept));
        if (!Ended)
        {
            Kernel.Enqueue([.. Unsent]);
        }

        Unsent.Clear();
    }
}

internal enum HostTaskState
{
    Waiting,
    Running,
    Ended,
}

internal sealed class HostTask(SimTask task)
{
    public SimTask Task => task;

    public int Attempt;

    /// <summary>Which it was, of those after whose outcome the task was submitted anew.</summary>
    public int Submission { get; } = task.Submissions;

    public HostTaskState State;

    public bool CancelAsked;

    public AttemptOutcome Outcome;

    public long AbandonAt = long.MaxValue;

    public List<(SimSession Session, ulong Sequence)> Attached { get; } = [];
}

internal enum HostMessageKind
{
    Task,
    Cancel,
    Recall,

    /// <summary>So many frames were read (the sequence).</summary>
    Seen,
}

internal readonly record struct HostMessage(HostMessageKind Kind, ulong Sequence, SimTask? Task = null, int Attempt = 0)
{
    /// <summary>It was written in an earlier session.</summary>
    public bool Again { get; init; }
}

/// <summary>Without an outcome: given back.</summary>
internal readonly record struct HostAnswer(ulong Sequence, ulong Number, AttemptOutcome? Outcome)
{
    /// <summary>What may be forgotten when this was read.</summary>
    public HostTask? Kept { get; init; }
}

/// <summary>Ways to break a host on purpose: a checker that does not notice checks nothing.</summary>
public enum HostSabotage
{
    None,

    /// <summary>It does not keep the outcomes of a session that is gone.</summary>
    ForgetTasks,

    /// <summary>It drops outcomes that nobody has read, and does not remember that it had them.</summary>
    ForgetWhatWasLost,

    /// <summary>It still reads what a broken session had on its way when its client is there again.</summary>
    ReadLate,

    /// <summary>Another start of it says that it is the same.</summary>
    SameInstance,

    /// <summary>An outcome is lost on the way.</summary>
    DropResult,

    /// <summary>The pool says that it has read what it has not.</summary>
    ClaimToHaveRead,
}
