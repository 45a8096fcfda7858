using WorkerHost.Supervision;

namespace WorkerHost.Simulation.Tests;

/// <summary>Why a process really ended.</summary>
internal enum Fate
{
    /// <summary>By itself, or by the task that it ran.</summary>
    Itself,

    /// <summary>The kernel's out-of-memory killer.</summary>
    OutOfMemory,

    /// <summary>Its supervisor's signal.</summary>
    Signalled,

    /// <summary>Somebody's outside.</summary>
    Outside,

    /// <summary>It was asked to leave, and left.</summary>
    Left,
}

/// <summary>What really happened to a process, for whoever judges what is told of it.</summary>
internal sealed partial class SimProcess
{
    private TimeSpan frozenAt;
    private TimeSpan thawedAt;

    public FateNotes Fates { get; } = new();

    /// <summary>The task that ended it, or stopped it; null: none did.</summary>
    public SimTask? Culprit { get; private set; }

    /// <summary>How it ended, as its supervisor sees it; null before that.</summary>
    public ExitFacts? End { get; set; }

    /// <summary>As it was reported; null: it was not.</summary>
    public DeathCause? Cause { get; set; }

    /// <summary>How many tasks were in its lanes when it ended.</summary>
    public int RanAtTheEnd { get; private set; }

    /// <summary>Which.</summary>
    public List<SimTask> RanTogether { get; } = [];

    public bool WasFrozen { get; private set; }

    /// <summary>It stood still until a moment ago.</summary>
    public bool WentOnWithin(TimeSpan moment) => WasFrozen && thawedAt > TimeSpan.Zero && agenda.Time - thawedAt < moment;

    public bool OverLimit { get; private set; }

    /// <summary>Its pool asked for its end, by its name.</summary>
    public bool KillAsked { get; set; }

    /// <summary>Its pool could not use it.</summary>
    public bool RejectAsked { get; set; }

    /// <summary>Its supervisor wanted its end; it may have ended before.</summary>
    public bool ToldToLeave { get; set; }

    /// <summary>Its supervisor has handled its end.</summary>
    public bool DeathObserved { get; set; }

    /// <summary>Its supervisor has given it up: even SIGKILL did not end it in time.</summary>
    public bool Abandoned { get; set; }

    public VitalSigns Signs => new()
    {
        Heartbeat = HasLedger ? HeartbeatKind.Ledger : HeartbeatKind.Control,
        Beats = (ulong)(Frozen ? frozenAt : agenda.Time - thawedAt + frozenAt).TotalMilliseconds,
        Finished = Finished,
        Running = RunningCount,
        ResidentBytes = OverLimit ? 2L << 30 : 1 << 20,
        IsStopped = Frozen,
    };

    /// <summary>Which of the possible ends were brought about.</summary>
    internal sealed class FateNotes
    {
        public bool Itself { get; set; }

        public bool OutOfMemory { get; private set; }

        public bool Signalled { get; private set; }

        public bool Outside { get; set; }

        public bool Left { get; private set; }

        public void Note(Fate fate)
        {
            Itself |= fate == Fate.Itself;
            OutOfMemory |= fate == Fate.OutOfMemory;
            Signalled |= fate == Fate.Signalled;
            Outside |= fate == Fate.Outside;
            Left |= fate == Fate.Left;
        }
    }
}
