namespace WorkerHost.Testing;

/// <summary>One place of a worker in a <see cref="TestPool"/>, and what is to happen to the worker there. Thread-safe.</summary>
public sealed class TestWorker
{
    private readonly ScriptedSupervisor supervisor;
    private readonly ScriptedSlot slot;

    internal TestWorker(ScriptedSupervisor supervisor, ScriptedSlot slot)
    {
        this.supervisor = supervisor;
        this.slot = slot;
    }

    /// <summary>The present worker, or the last one where there is none.</summary>
    public WorkerId Id => supervisor.Look(() => slot.Id);

    /// <summary>Its pretended process id, from 10001; 0 where there is none.</summary>
    public int Pid => supervisor.Look(() => slot.Process?.Pid ?? 0);

    /// <summary>Where the place stands.</summary>
    public SlotState State => supervisor.Look(() => slot.State);

    /// <summary>How the worker before ended; null: none has.</summary>
    public DeathReport? LastDeath => supervisor.Look(() => slot.LastDeath);

    /// <summary>
    /// Ends the worker, now: what it had sent arrives, nothing else does, and its pool judges the tasks it had by its ledger. A handler that is running cannot be
    /// ended; its token is cancelled and what it does is nobody's any more. The next worker comes after <see cref="TestPoolOptions.RestartAfter"/>.
    /// </summary>
    /// <param name="death">How; null: <see cref="TestDeath.Segfault"/>.</param>
    /// <returns>The report that the pool gets: the same object as in <c>TaskException.Failure.Deaths</c>.</returns>
    /// <exception cref="InvalidOperationException">No worker is ready there.</exception>
    public DeathReport Crash(TestDeath? death = null) =>
        supervisor.Died(supervisor.Alive(slot), death ?? TestDeath.Segfault)
        ?? throw new InvalidOperationException($"worker {Id} ended by itself just now: {LastDeath}");

    /// <summary>
    /// Nothing gets in or out any more, as if the process was stopped; handlers that run go on. After <see cref="TestPoolOptions.DeadAfter"/> it is killed for it
    /// (<see cref="DeathCause.Hang"/>), unless it was woken with <see cref="Resume"/>.
    /// </summary>
    /// <exception cref="InvalidOperationException">No worker is ready there.</exception>
    public void Hang()
    {
        var process = supervisor.Alive(slot);
        supervisor.WatchHung(process, process.Hold());
    }

    /// <summary>Ends <see cref="Hang"/>: what waited gets in and out. Nothing happens if it does not hang.</summary>
    public void Resume() => supervisor.Look(() => slot.Process)?.LetGo();

    /// <summary>From now on each task in this place takes so much longer, by the clock of the test, before its handler is called. Zero ends it.</summary>
    /// <param name="by">Zero or more.</param>
    public void SlowDown(TimeSpan by)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(by, TimeSpan.Zero);
        supervisor.Look(() => slot.Slowness = by);
    }

    /// <summary>
    /// Ends the worker, and none that is started in its place becomes ready until <see cref="RestartAsync"/>. When that is so of every place, tasks
    /// fail with <see cref="TaskFailureKind.NoWorkers"/> and the pool is not healthy.
    /// </summary>
    /// <param name="reason">What the death report of the failed boot says.</param>
    /// <returns>When the first of its successors has failed to boot.</returns>
    public Task NeverReadyAsync(string reason)
    {
        ArgumentException.ThrowIfNullOrEmpty(reason);
        var process = supervisor.Look(() =>
        {
            slot.NeverReady = reason;
            return slot.Process;
        });
        if (process is not null)
        {
            supervisor.Died(process, TestDeath.KilledFromOutside);
        }

        return State == SlotState.CrashLooping ? Task.CompletedTask : supervisor.Start(slot);
    }

    /// <summary>Starts the next worker where there is none, and takes <see cref="NeverReadyAsync"/> back.</summary>
    /// <returns>When it takes tasks, or its boot has failed (<see cref="State"/> says which); where a worker is already, when that does.</returns>
    public Task RestartAsync()
    {
        supervisor.Look(() => slot.NeverReady = null);
        return supervisor.Start(slot);
    }
}
