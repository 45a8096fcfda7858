using WorkerHost.Client;
using WorkerHost.Worker;

namespace WorkerHost.Sidecar.Gateway;

/// <summary>
/// One client of a pool over all its sessions: the tasks that it may ask for again, by its numbers. Those that go on while it is away are
/// cancelled when it does not come back in time. Thread-safe.
/// </summary>
internal sealed class HostedClient(PoolCore core, string prefix) : IDisposable
{
    private readonly Lock gate = new();
    private readonly Dictionary<ulong, HostedTask> tasks = [];
    private ITimer? absence;
    private int sessions;

    public string Prefix => prefix;

    /// <summary>Its part of the pool's queue, over all its sessions.</summary>
    public CallerShare Share { get; } = new();

    public void Enter()
    {
        ITimer? back;
        lock (gate)
        {
            sessions++;
            (back, absence) = (absence, null);
        }

        back?.Dispose();
    }

    /// <summary>Attaches to its task what is known. Not null: it is new, and to be submitted.</summary>
    public TaskEntry? Prepare(SessionTask run)
    {
        HostedTask? known;
        HostedTask? made = null;
        lock (gate)
        {
            if (!tasks.TryGetValue(run.Number, out known) && (!run.IsAgain || run.IsIdempotent))
            {
                made = new HostedTask(core, run, this);
                tasks.Add(run.Number, made);
            }
        }

        if (made is not null)
        {
            return made.Prepare(run);
        }

        if (known is null)
        {
            run.Complete(TaskEnd.FailedWith(HostedFailures.Forgotten(run, core)), hurry: false);
        }
        else if (known.DifferenceTo(run) is { } difference)
        {
            run.Complete(TaskEnd.FailedWith(TaskFailures.BadInput(run, $"task {run.Task} has the id {run.Id}, which is that of another: {difference}")), hurry: false);
        }
        else
        {
            known.Attach(run);
        }

        return null;
    }

    public void Forget(HostedTask task)
    {
        bool last;
        lock (gate)
        {
            if (tasks.TryGetValue(task.Number, out var known) && known == task)
            {
                tasks.Remove(task.Number);
            }

            last = sessions == 0 && tasks.Count == 0;
        }

        if (last)
        {
            core.ForgetIfGone(this);
        }
    }

    /// <summary>Nobody is there and nothing is kept.</summary>
    public bool IsGone
    {
        get
        {
            lock (gate)
            {
                return sessions == 0 && tasks.Count == 0;
            }
        }
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
            // What is left is of sessions that broke.
            if (--sessions == 0 && tasks.Count > 0)
            {
                absence?.Dispose();
                absence = core.Time.CreateTimer(static client => ((HostedClient)client!).Abandon(), this, core.AbandonedAfter, Timeout.InfiniteTimeSpan);
            }
        }

        core.ForgetIfGone(this);
    }

    public void Dispose()
    {
        lock (gate)
        {
            absence?.Dispose();
            absence = null;
        }
    }

    private void Abandon()
    {
        HostedTask[] left;
        lock (gate)
        {
            if (sessions > 0)
            {
                return;
            }

            left = [.. tasks.Values];
        }

        foreach (var task in left)
        {
            task.Cancel(StopCause.Caller);
        }
    }
}
