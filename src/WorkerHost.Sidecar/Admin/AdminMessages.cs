using Google.Protobuf.WellKnownTypes;
using WorkerHost.Client;
using WorkerHost.Sidecar.Hosting;

namespace WorkerHost.Sidecar.Admin;

/// <summary>What there is, as the admin contract says it.</summary>
internal static class AdminMessages
{
    /// <param name="hosted">The pool.</param>
    /// <param name="isLeaving">It is in the list of pools no more.</param>
    public static V1.PoolStatus Of(HostedPool hosted, bool isLeaving = false)
    {
        var (name, pool) = hosted;
        var readiness = PoolReadiness.Of(hosted);
        var message = new V1.PoolStatus
        {
            Name = name,
            Instance = pool.Instance,
            Ready = readiness.Ready && !isLeaving,
            Leaving = isLeaving,
            Serving = (uint)readiness.Serving,
            Needed = (uint)readiness.Needed,
            Wanted = (uint)readiness.Wanted,
            Reason = isLeaving ? $"it is leaving: the configuration is another one now; {pool.UnsettledTasks} tasks are still to end" : readiness.Reason,
            Paused = readiness.Paused,
            Tasks = TasksOf(pool),
        };
        if (pool.Source is Supervisor supervisor)
        {
            message.Workers = WorkersOf(supervisor);
            message.LastDeath = Of(supervisor.Readiness.LastDeath);
        }

        return message;
    }

    public static V1.WorkerStatus Of(WorkerStatus worker, bool poolIsLeaving) => new()
    {
        Id = worker.Id.ToString(),
        Pool = worker.Id.Pool,
        Slot = (uint)worker.Id.Slot,
        Incarnation = (ulong)worker.Id.Incarnation,
        Pid = worker.Pid,
        State = StateOf(worker.State),
        Spare = worker.IsSpare,
        Address = worker.Address?.ToString() ?? "",
        StartedAt = Of(worker.StartedAt),
        ReadyAt = Of(worker.ReadyAt),
        BootTime = Of(worker.BootTime),
        RunningTasks = (uint)worker.RunningTasks,
        TasksFinished = (ulong)worker.TasksFinished,
        LeavingBecause = worker.LeavingBecause ?? "",
        BreakerOpen = worker.BreakerOpen,
        NextTryAt = Of(worker.NextTryAt),
        ResidentBytes = (ulong)(worker.ResidentBytes ?? 0),
        SilentFor = Of(worker.SilentFor),
        Suspect = worker.IsSuspect,
        Debugged = worker.IsBeingDebugged,
        LastDeath = Of(worker.LastDeath),
        PoolLeaving = poolIsLeaving,
    };

    public static V1.HostEvent Of(SupervisorEvent what) => new()
    {
        Pool = what.Pool,
        Sequence = (ulong)what.Sequence,
        Time = Timestamp.FromDateTimeOffset(what.Time),
        Kind = KindOf(what),
        Level = LevelOf(what.Level),
        Text = what.Text,
        Worker = what.Worker?.ToString() ?? "",
        Pid = PidOf(what),
        Death = what is SupervisorEvent.Died died ? FailureMessage.Of(died.Report) : null,
        Ready = what is SupervisorEvent.ReadinessChanged { Readiness.IsReady: true },
    };

    /// <summary>For example <c>breaker_opened</c>.</summary>
    public static string KindOf(SupervisorEvent what) => System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(what.GetType().Name);

    public static V1.HeldTask Of(TaskPicture task) => new()
    {
        Id = task.Id,
        Task = task.Task,
        Attempt = (uint)task.Attempt,
        Running = task.IsRunning,
        SentAt = Of(task.SentAt),
        Stopping = task.Stop != StopReason.None,
    };

    public static V1.QuarantinedTask Of(string pool, QuarantinedTask task) => new()
    {
        Pool = pool,
        Id = task.Id,
        Task = task.Name,
        Deaths = { task.Deaths.Select(FailureMessage.Of) },
    };

    public static V1.DeathReport? Of(DeathReport? death) => death is null ? null : FailureMessage.Of(death);

    private static V1.WorkerCounts WorkersOf(Supervisor supervisor)
    {
        var counts = supervisor.Counts;
        var totals = supervisor.Totals;
        return new V1.WorkerCounts
        {
            Busy = (uint)counts.Busy,
            Idle = (uint)counts.Idle,
            Starting = (uint)counts.Starting,
            Draining = (uint)counts.Draining,
            Spare = (uint)counts.Spare,
            BackingOff = (uint)counts.BackingOff,
            CrashLooping = (uint)counts.CrashLooping,
            Starts = (ulong)totals.Starts,
            Deaths = { totals.Deaths.Select(static death => new V1.DeathCount { Cause = (V1.DeathCause)death.Key, Count = (ulong)death.Value }) },
            TasksFinished = (ulong)totals.TasksFinished,
        };
    }

    private static V1.TaskCounts TasksOf(WorkerPool pool)
    {
        var counts = pool.Counts;
        long ended = 0;
        foreach (var outcomes in counts.Outcomes)
        {
            ended += outcomes;
        }

        return new V1.TaskCounts
        {
            Queued = (uint)pool.QueuedTasks,
            Unsettled = (uint)pool.UnsettledTasks,
            Quarantined = (uint)pool.QuarantinedCount,
            Submitted = (ulong)counts.Submitted,
            Refused = (ulong)pool.RefusedTasks,
            Dispatched = (ulong)counts.Dispatched,
            Retried = (ulong)counts.Retries,
            Succeeded = (ulong)counts.Outcomes[0],
            Failed = (ulong)(ended - counts.Outcomes[0]),
        };
    }

    private static V1.WorkerState StateOf(SlotState state) => state switch
    {
        SlotState.Starting => V1.WorkerState.Starting,
        SlotState.Ready => V1.WorkerState.Ready,
        SlotState.Draining => V1.WorkerState.Draining,
        SlotState.Stopping => V1.WorkerState.Stopping,
        SlotState.BackingOff => V1.WorkerState.BackingOff,
        SlotState.CrashLooping => V1.WorkerState.CrashLooping,
        SlotState.Stopped or SlotState.Empty => V1.WorkerState.Stopped,
        _ => throw new ArgumentOutOfRangeException(nameof(state), state, "not a state of a slot"),
    };

    private static V1.EventLevel LevelOf(LogLevel level) => level switch
    {
        LogLevel.Trace or LogLevel.Debug => V1.EventLevel.Debug,
        LogLevel.Information => V1.EventLevel.Information,
        LogLevel.Warning => V1.EventLevel.Warning,
        LogLevel.Error => V1.EventLevel.Error,
        LogLevel.Critical => V1.EventLevel.Critical,
        _ => V1.EventLevel.Unspecified,
    };

    private static int PidOf(SupervisorEvent what) => what switch
    {
        SupervisorEvent.Started e => e.Pid,
        SupervisorEvent.Ready e => e.Pid,
        SupervisorEvent.Promoted e => e.Pid,
        SupervisorEvent.Suspected e => e.Pid,
        SupervisorEvent.Recovered e => e.Pid,
        SupervisorEvent.DebuggerAttached e => e.Pid,
        SupervisorEvent.DebuggerDetached e => e.Pid,
        SupervisorEvent.Draining e => e.Pid,
        SupervisorEvent.DrainOverdue e => e.Pid,
        SupervisorEvent.LeftBehind e => e.Pid,
        SupervisorEvent.Died e => e.Report.Pid,
        _ => 0,
    };

    private static Timestamp? Of(DateTimeOffset? time) => time is { } at ? Timestamp.FromDateTimeOffset(at) : null;

    private static Duration? Of(TimeSpan? time) => time is { } span ? Duration.FromTimeSpan(span) : null;
}
