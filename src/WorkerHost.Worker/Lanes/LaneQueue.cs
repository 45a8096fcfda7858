namespace WorkerHost.Worker;

/// <summary>
/// What waits for a lane, first come first served: the ledger's proof of "never started" rests on starts in the order of
/// their sequences, so priorities are the pool's business. All members are thread-safe.
/// </summary>
internal sealed class LaneQueue : IDisposable
{
    /// <summary>Far more than any pool's credit; a peer that sends more is told so instead of filling the memory.</summary>
    public const int MaxTasks = 65_536;

    // Sweeping is linear in what waits, so it happens at most this often.
    private static readonly TimeSpan SweepInterval = TimeSpan.FromMilliseconds(5);

    private readonly Lock gate = new();
    private readonly TimeProvider time;
    private readonly ITimer sweeper;
    private readonly long maxBytes;
    private TaskRun? first;
    private TaskRun? last;
    private Lane? idle;
    private long nextSweep = long.MaxValue;
    private long bytes;
    private int waiting;
    private bool stopped;

    public LaneQueue(TimeProvider time, long maxBytes)
    {
        this.time = time;
        this.maxBytes = maxBytes;
        sweeper = time.CreateTimer(static queue => ((LaneQueue)queue!).Sweep(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Where starts are marked; set once the worker is in service.</summary>
    public LedgerPage? Ledger
    {
        get;
        set
        {
            lock (gate)
            {
                field = value;
            }
        }
    }

    /// <summary>Told when a running handler is asked to stop; null, and so in a process of its own: nobody is.</summary>
    public Action<TaskRun, StopCause>? Stopping { get; set; }

    /// <summary>Tasks that wait; a snapshot.</summary>
    public int Waiting => Volatile.Read(ref waiting);

    /// <summary>Queues the runs that are not null, in order. What does not fit is left in the array, the rest is set to null.</summary>
    public void Enqueue(Span<TaskRun?> runs)
    {
        Lane? wake = null;
        lock (gate)
        {
            foreach (ref var slot in runs)
            {
                if (slot is not { State: RunState.Created } run)
                {
                    continue;
                }

                // One that is alone is always taken, however large: it passed the message limit.
                if (waiting > 0 && (waiting >= MaxTasks || bytes + run.Payload.Length > maxBytes))
                {
                    continue;
                }

                Append(run);
                slot = null;
                if (idle is { } lane)
                {
                    idle = lane.NextIdle;
                    lane.NextIdle = wake;
                    wake = lane;
                }
            }
        }

        while (wake is { } lane)
        {
            wake = lane.NextIdle;
            lane.NextIdle = null;
            lane.Wake();
        }
    }

    /// <summary>
    /// Blocks until the lane has something to do. Null: the queue was stopped. A run that comes back in the state
    /// <see cref="RunState.Removed"/> has passed its time limit unstarted.
    /// </summary>
    /// <param name="lane">The lane of the calling thread.</param>
    /// <param name="more">Whether others wait behind it.</param>
    public TaskRun? Take(Lane lane, out bool more)
    {
        while (true)
        {
            lock (gate)
            {
                lane.Leave();
                if (stopped || lane.WhenLeft is not null)
                {
                    more = false;
                    return null;
                }

                if (first is { } run)
                {
                    Unlink(run);
                    more = first is not null;
                    var now = time.GetTimestamp();
                    if (run.Deadline != 0 && run.Deadline <= now)
                    {
                        run.State = RunState.Removed;
                        return run;
                    }

                    // Taking and marking are one step: with the marks outside of the lock a second lane could mark
                    // sequence 8 before this one marks 7, and a death in between would call 7 finished.
                    run.Start(lane, now);
                    lane.Enter(run);
                    Ledger?.Start(lane.Index, run.Track, run.SessionKey, run.Sequence);
                    return run;
                }

                lane.NextIdle = idle;
                idle = lane;
            }

            lane.Park();
        }
    }

    /// <summary>Takes a run out if it has not started.</summary>
    public bool TryRemove(TaskRun run)
    {
        lock (gate)
        {
            if (run.State != RunState.Queued)
            {
                return false;
            }

            Unlink(run);
            run.State = RunState.Removed;
            return true;
        }
    }

    /// <summary>Takes out everything that has not started.</summary>
    public List<TaskRun> RemoveAll()
    {
        var removed = new List<TaskRun>();
        lock (gate)
        {
            while (first is { } run)
            {
                Unlink(run);
                run.State = RunState.Removed;
                removed.Add(run);
            }
        }

        return removed;
    }

    /// <summary>Takes the run out (true), or asks its handler to stop (false).</summary>
    public bool Cancel(TaskRun run, StopCause cause)
    {
        CancellationTokenSource? source = null;
        lock (gate)
        {
            switch (run.State)
            {
                case RunState.Queued:
                    Unlink(run);
                    run.State = RunState.Removed;
                    return true;
                case RunState.Running when run.Cause == StopCause.None:
                    run.Cause = cause;
                    source = run.Lane!.Source;
                    break;
                default:
                    break;
            }
        }

        // Runs callbacks of the user's, hence outside of the lock. The lane does not use a source again whose run has a cause.
        if (source is not null)
        {
            Stopping?.Invoke(run, cause);
        }

        Fire(source);
        return false;
    }

    /// <summary>What the lanes run; a snapshot.</summary>
    public List<TaskRun> Running(IEnumerable<Lane> lanes)
    {
        lock (gate)
        {
            return [.. lanes.Select(static lane => lane.Current).OfType<TaskRun>()];
        }
    }

    /// <summary>Called by a lane's timer.</summary>
    public void Expire(Lane lane)
    {
        CancellationTokenSource? source = null;
        TaskRun run;
        lock (gate)
        {
            if (lane.Current is not { Deadline: not 0, Cause: StopCause.None } current)
            {
                return;
            }

            run = current;
            if (run.Deadline > time.GetTimestamp())
            {
                lane.ArmTimer(run);
                return;
            }

            run.Cause = StopCause.TimeLimit;
            source = lane.Source;
        }

        Stopping?.Invoke(run, StopCause.TimeLimit);
        Fire(source);
    }

    public bool IsRunning(TaskRun run)
    {
        lock (gate)
        {
            return run.State == RunState.Running;
        }
    }

    /// <summary>Leaves the thread of a running task to it for good. Null: it has ended. The lane must be replaced.</summary>
    /// <param name="run">The task.</param>
    /// <param name="whenLeft">Called when the thread has come back all the same, before it ends.</param>
    public Lane? GiveUp(TaskRun run, Action whenLeft)
    {
        lock (gate)
        {
            if (run.State != RunState.Running || run.Lane is not { } lane || stopped)
            {
                return null;
            }

            lane.WhenLeft = whenLeft;
            return lane;
        }
    }

    /// <summary>Lets the lanes end when they have finished what they run.</summary>
    public void Stop()
    {
        Lane? wake;
        lock (gate)
        {
            stopped = true;
            wake = idle;
            idle = null;
        }

        while (wake is { } lane)
        {
            wake = lane.NextIdle;
            lane.Wake();
        }
    }

    public void Dispose() => sweeper.Dispose();

    private static void Fire(CancellationTokenSource? source)
    {
        try
        {
            source?.Cancel();
        }
        catch (AggregateException)
        {
            // A callback that the handler registered threw: the handler's own affair, and the others have run.
        }
    }

    private void Append(TaskRun run)
    {
        run.State = RunState.Queued;
        run.Previous = last;
        if (last is null)
        {
            first = run;
        }
        else
        {
            last.Next = run;
        }

        last = run;
        waiting++;
        bytes += run.Payload.Length;
        if (run.Deadline != 0 && run.Deadline < nextSweep)
        {
            nextSweep = run.Deadline;
            ScheduleSweep();
        }
    }

    private void Unlink(TaskRun run)
    {
        if (run.Previous is null)
        {
            first = run.Next;
        }
        else
        {
            run.Previous.Next = run.Next;
        }

        if (run.Next is null)
        {
            last = run.Previous;
        }
        else
        {
            run.Next.Previous = run.Previous;
        }

        run.Next = null;
        run.Previous = null;
        waiting--;
        bytes -= run.Payload.Length;
    }

    // Those who wait behind a long task hear of their time limit when it passes and not when the long task ends.
    private void Sweep()
    {
        var expired = new List<TaskRun>();
        lock (gate)
        {
            var now = time.GetTimestamp();
            nextSweep = long.MaxValue;
            for (var run = first; run is not null;)
            {
                var next = run.Next;
                if (run.Deadline != 0 && run.Deadline <= now)
                {
                    Unlink(run);
                    run.State = RunState.Removed;
                    expired.Add(run);
                }
                else if (run.Deadline != 0 && run.Deadline < nextSweep)
                {
                    nextSweep = run.Deadline;
                }

                run = next;
            }

            if (nextSweep != long.MaxValue)
            {
                ScheduleSweep();
            }
        }

        foreach (var run in expired)
        {
            run.Complete(TaskEnd.FailedWith(TaskFailures.TimeLimitPassed(run, started: false)), hurry: false);
        }
    }

    private void ScheduleSweep()
    {
        var left = time.GetElapsedTime(time.GetTimestamp(), nextSweep);
        sweeper.Change(left > SweepInterval ? left : SweepInterval, Timeout.InfiniteTimeSpan);
    }
}
