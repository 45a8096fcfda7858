namespace WorkerHost.Testing;

/// <summary>A place for a worker. Guarded by its supervisor's lock.</summary>
internal sealed class ScriptedSlot(string pool, int number)
{
    public int Number => number;

    public WorkerId Id { get; set; } = new(pool, number, 0);

    /// <summary>Booting or alive; null: nobody is.</summary>
    public PretendedProcess? Process { get; set; }

    /// <summary>Why none of its workers becomes ready; null: they do.</summary>
    public string? NeverReady { get; set; }

    /// <summary>A boot failed, and nothing is tried again before somebody says so.</summary>
    public bool HasGivenUp { get; set; }

    public TimeSpan Slowness { get; set; }

    public DeathReport? LastDeath { get; set; }

    /// <summary>A start is due after a pause.</summary>
    public bool IsPausing { get; set; }

    public TaskCompletionSource Settled { get; set; } = New();

    public SlotState State => Process switch
    {
        { Worker: not null, LeavingBecause: null } => SlotState.Ready,
        { Worker: not null } => SlotState.Draining,
        not null => SlotState.Starting,
        null when HasGivenUp => SlotState.CrashLooping,
        null when IsPausing => SlotState.BackingOff,
        null => SlotState.Empty,
    };

    /// <summary>Its pool has a session with it, or it died before.</summary>
    public void BootEnded() => Settled.TrySetResult();

    public void BootBegins()
    {
        if (Settled.Task.IsCompleted)
        {
            Settled = New();
        }
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
