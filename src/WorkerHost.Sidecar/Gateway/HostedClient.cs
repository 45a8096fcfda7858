using WorkerHost.Client;
using WorkerHost.Worker;

namespace WorkerHost.Sidecar.Gateway;

/// <summary>
/// One client of a pool over all its sessions: the tasks that it may ask for again, by its numbers. Those that go on while it is away are
/// cancelled when it does not come back in time. Thread-safe.
/// </summary>
internal sealed class HostedClient(PoolCore core, string prefix)
{
    // What came before the oldest of these sessions, or before the first of so many outcomes that were lost, is not known any more.
    private const int MostSessions = 64;
    private const int MostLost = 65_536;

    private readonly Lock gate = new();
    private readonly Dictionary<ulong, HostedTask> tasks = [];
    private readonly List<TaskSession> open = [];

    /// <summary>The latest sessions, and whether everything before them in their line is known.</summary>
    private readonly OrderedDictionary<ulong, bool> known = [];

    /// <summary>Tasks that had ended and whose outcomes nobody had seen when they were forgotten.</summary>
    private readonly HashSet<ulong> lost = [];
    private bool lostMany;
    private ITimer? absence;
    private bool isOver;

    public string Prefix => prefix;

    /// <summary>Its part of the pool's queue, over all its sessions.</summary>
    public CallerShare Share { get; } = new();

    /// <summary>Null: it was forgotten, and there may be another under its name.</summary>
    public HostedSession? Enter(TaskSession session)
    {
        lock (gate)
        {
            if (isOver)
            {
                return null;
            }

            absence?.Dispose();
            absence = null;
            var isResumed = session.Resumes != 0;
            var before = isResumed ? open.Find(s => s.Key == session.Resumes) : null;
            open.Add(session);
            var isKnown = !isResumed || known.GetValueOrDefault(session.Resumes);
            known[session.Key] = isKnown;
            if (known.Count > MostSessions)
            {
                known.RemoveAt(0);
            }

            return new HostedSession(this, before, isResumed && isKnown);
        }
    }

    /// <summary>Attaches to its task what is known. Not null: it is new, and to be submitted.</summary>
    /// <param name="run">A task of one of its sessions.</param>
    /// <param name="remembersAll">What is not known and was not lost has never come.</param>
    public TaskEntry? Prepare(SessionTask run, bool remembersAll)
    {
        HostedTask? same;
        HostedTask? made = null;
        lock (gate)
        {
            var isNew = tasks.TryGetValue(run.Number, out same)
                ? same.IsGivenBack && !run.IsAgain
                : !run.IsAgain || run.IsIdempotent || (remembersAll && !lostMany && !lost.Contains(run.Number));
            if (isNew)
            {
                // Also under the number of one that it has got back.
                tasks[run.Number] = made = new HostedTask(core, run, this);
            }
        }

        if (made is not null)
        {
            return made.Prepare(run);
        }

        if (same is null)
        {
            run.Complete(TaskEnd.FailedWith(HostedFailures.Forgotten(run, core)), hurry: false);
        }
        else if (same.DifferenceTo(run) is { } difference)
        {
            run.Complete(TaskEnd.FailedWith(TaskFailures.BadInput(run, $"task {run.Task} has the id {run.Id}, which is that of another: {difference}")), hurry: false);
        }
        else
        {
            same.Attach(run);
        }

        return null;
    }

    /// <param name="task">One of its.</param>
    /// <param name="wasSeen">It knows how that ended, and will not ask for it.</param>
    public void Forget(HostedTask task, bool wasSeen)
    {
        lock (gate)
        {
            if (tasks.TryGetValue(task.Number, out var same) && same == task)
            {
                tasks.Remove(task.Number);
                if (!wasSeen && !lostMany && !task.IsGivenBack)
                {
                    lost.Add(task.Number);
                    if (lost.Count > MostLost)
                    {
                        lostMany = true;
                        lost.Clear();
                    }
                }
            }

            if (!IsGone)
            {
                return;
            }
        }

        core.ForgetIfGone(this);
    }

    public void Leave(TaskSession session, bool clean)
    {
        HostedTask[] left;
        lock (gate)
        {
            left = [.. tasks.Values];
        }

        foreach (var task in left)
        {
            task.Detach(session, forGood: clean);
        }

        lock (gate)
        {
            open.Remove(session);

            // Who has left in good order does not come back; but what is left is of sessions that broke.
            if (open.Count == 0 && (!clean || tasks.Count > 0))
            {
                absence?.Dispose();
                absence = core.Time.CreateTimer(static client => ((HostedClient)client!).Abandon(), this, core.AbandonedAfter, Timeout.InfiniteTimeSpan);
            }
        }

        core.ForgetIfGone(this);
    }

    /// <summary>Nobody is there or expected, and nothing is kept: from now on nobody can enter.</summary>
    public bool TryEnd()
    {
        lock (gate)
        {
            isOver |= IsGone;
            return isOver;
        }
    }

    // Under the gate.
    private bool IsGone => open.Count == 0 && tasks.Count == 0 && absence is null;

    private void Abandon()
    {
        HostedTask[] left;
        lock (gate)
        {
            if (open.Count > 0)
            {
                return;
            }

            absence?.Dispose();
            absence = null;
            left = [.. tasks.Values];
        }

        foreach (var task in left)
        {
            task.Cancel(StopCause.Caller);
        }

        core.ForgetIfGone(this);
    }
}
