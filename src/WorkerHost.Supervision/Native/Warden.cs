namespace WorkerHost.Supervision;

/// <summary>
/// A small shell script in a session of its own that holds the reading end of a pipe. We tell it which groups
/// live; when this process is gone, however it went, the pipe ends and the script kills them all: workers and what
/// they started. One for the whole process; replaced if somebody kills or stops it. What leaves its worker's group
/// (setsid) escapes it, unless the worker has a control group.
/// </summary>
internal sealed class Warden(SpawnThread spawner, TimeProvider time)
{
    /// <summary>A shell that ends at once, so often in a row, is no warden; trying on at speed would only cost a core.</summary>
    private const int MostQuickEnds = 20;

    private static readonly TimeSpan Quick = TimeSpan.FromSeconds(1);

    /// <summary>Then it is tried once more, also where no worker starts meanwhile: those that live are to be guarded. For as long as it takes.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(30);

    /// <summary>Half of what a pipe holds.</summary>
    private const int MostFirstInput = 32 * 1024;

    private readonly Lock gate = new();
    private readonly Dictionary<int, Guarded> groups = [];
    private WardenPipe? pipe;
    private int quickEnds;
    private long startedAt;
    private ITimer? retry;

    /// <summary>
    /// Something has become of the warden that every supervisor of this process should say. On the spawn thread: only
    /// pass it on.
    /// </summary>
    public event Action<SupervisorEvent>? Noticed;

    /// <summary>Why there is no warden; null when there is one, or none was needed yet.</summary>
    public string? Problem { get; private set; }

    /// <summary>Called on the spawn thread, before every guarded process.</summary>
    public void EnsureStarted()
    {
        bool isMissing;
        lock (gate)
        {
            isMissing = pipe is null && (Problem is null || time.GetElapsedTime(startedAt) >= Pause);
        }

        if (isMissing)
        {
            Start();
        }
    }

    /// <param name="leader">Our child, not reaped yet; if it is not known, somebody else has reaped it and its number may be a stranger's.</param>
    /// <param name="controlGroup">The group that is to be killed with it; null: none.</param>
    public void Guard(ProcessIdentity leader, ControlGroup? controlGroup)
    {
        if (leader.IsKnown)
        {
            lock (gate)
            {
                groups[leader.Pid] = new Guarded(leader, controlGroup);
                pipe?.Tell(groups[leader.Pid].Line);
            }
        }
    }

    /// <summary>Before the group's leader is reaped: afterwards the number may belong to a stranger.</summary>
    public void Forget(int group)
    {
        lock (gate)
        {
            if (groups.Remove(group))
            {
                pipe?.Tell($"- {group}\n");
            }
        }
    }

    /// <summary>
    /// On the spawn thread, outside of the lock: whoever has something to tell the warden while it is being started writes into its
    /// pipe and waits for nobody.
    /// </summary>
    private void Start()
    {
        try
        {
            var next = new WardenPipe(Ended);
            int[] untold;
            lock (gate)
            {
                startedAt = time.GetTimestamp();
                pipe = next;
                untold = TellFirst(next);
            }

            next.Start(spawner);
            lock (gate)
            {
                Problem = null;
                foreach (var group in untold.Where(groups.ContainsKey))
                {
                    next.Tell(groups[group].Line);
                }

                next.KillIfDeaf();
            }
        }
        catch (IOException e)
        {
            lock (gate)
            {
                pipe = null;
                Problem = $"{WardenPipe.Shell} could not be started as the warden of worker processes: {e.Message}";
            }
        }
    }

    /// <summary>It is born with what it has to know: there is no moment at which it is there and knows nothing.</summary>
    /// <returns>Those for whom there is no room yet.</returns>
    private int[] TellFirst(WardenPipe next)
    {
        var room = MostFirstInput;
        var untold = new List<int>();
        foreach (var (group, guarded) in groups)
        {
            room -= guarded.Line.Length;
            if (room >= 0)
            {
                next.Tell(guarded.Line);
            }
            else
            {
                untold.Add(group);
            }
        }

        return [.. untold];
    }

    private void Ended(WardenPipe ended, string how) => spawner.Post(() =>
    {
        bool again;
        lock (gate)
        {
            if (!ReferenceEquals(pipe, ended))
            {
                return;
            }

            pipe = null;
            quickEnds = time.GetElapsedTime(startedAt) < Quick ? quickEnds + 1 : 0;
            again = quickEnds < MostQuickEnds;
            if (!again)
            {
                quickEnds = 0;
                Problem = $"{WardenPipe.Shell} has ended at once {MostQuickEnds} times as the warden of worker processes ({how})";
            }
        }

        if (again)
        {
            Start();
        }

        Noticed?.Invoke(Problem is { } problem ? new SupervisorEvent.NoWarden(problem) : new SupervisorEvent.WardenReplaced(ended.Pid, how));
        if (Problem is not null)
        {
            TryLater(ended.Pid, how);
        }
    });

    private void TryLater(int ended, string how)
    {
        retry?.Dispose();
        retry = time.CreateTimer(_ => spawner.Post(() => TryAgain(ended, how)), null, Pause, Timeout.InfiniteTimeSpan);
    }

    private void TryAgain(int ended, string how)
    {
        bool isMissing;
        lock (gate)
        {
            isMissing = pipe is null;
        }

        if (!isMissing)
        {
            return;
        }

        Start();
        if (Problem is null)
        {
            Noticed?.Invoke(new SupervisorEvent.WardenReplaced(ended, how));
        }
        else
        {
            TryLater(ended, how);
        }
    }

    private readonly record struct Guarded(ProcessIdentity Leader, ControlGroup? ControlGroup)
    {
        public string Line => $"+ {Leader.Pid} {Leader.StartTime}:{ControlGroup?.KillPath}\n";
    }
}
