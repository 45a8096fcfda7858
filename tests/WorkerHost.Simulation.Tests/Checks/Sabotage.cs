namespace WorkerHost.Simulation.Tests;

/// <summary>Ways to break the simulated world on purpose: an invariant that notices none of them checks nothing.</summary>
public enum Sabotage
{
    None,

    /// <summary>A result is lost between two that live.</summary>
    DropResult,

    /// <summary>A caller is told twice.</summary>
    TellTwice,

    /// <summary>Two tasks get each other's result.</summary>
    SwapResults,

    /// <summary>A process is reported dead while it runs a task.</summary>
    ReportLivingAsDead,

    /// <summary>A pool takes the end of a session for the death of its worker.</summary>
    TakeLossForDeath,

    /// <summary>A process that has nothing to do is reported dead.</summary>
    ReportIdleAsDead,

    /// <summary>Nobody remembers who was running when a worker died.</summary>
    ForgetSuspects,

    /// <summary>A worker runs a task without its start mark.</summary>
    ForgetStartMark,

    /// <summary>A kill from outside is told to the pool as a crash.</summary>
    CallKillsCrashes,

    /// <summary>A supervisor reports a crash as its own order.</summary>
    CallCrashesOrdered,

    /// <summary>Nobody dispatches after a lane fell free.</summary>
    ForgetDispatch,

    /// <summary>A kill that comes too late is carried out at the next incarnation.</summary>
    KillTheNextIncarnation,

    /// <summary>Nobody is put into quarantine.</summary>
    ForgetQuarantine,

    /// <summary>A task is let out of quarantine, and nobody asked for it.</summary>
    ReleaseUnasked,

    /// <summary>A spare is promoted, and its pool does not hear of it.</summary>
    ForgetPromotion,

    /// <summary>The crew has more workers than it was told.</summary>
    OneWorkerTooMany,

    /// <summary>The crew has fewer workers than it was told.</summary>
    OneWorkerTooFew,

    /// <summary>The crew has more spares than it was told.</summary>
    TooManySpares,

    /// <summary>A supervisor is told to stop, and its crew is not.</summary>
    ForgetStop,

    /// <summary>Nobody looks whether what was asked of the supervisor is done.</summary>
    ForgetGoal,

    /// <summary>A pool never connects to a worker.</summary>
    ForgetWorker,

    /// <summary>A task's time limit passes, and nobody is told.</summary>
    ForgetTimeLimit,

    /// <summary>A kill that the pool orders is lost.</summary>
    ForgetKill,

    /// <summary>A failed attempt is forgotten.</summary>
    ForgetAttempt,

    /// <summary>A task is over, and its caller is not told.</summary>
    ForgetSettle,

    /// <summary>Everything is cancelled but one task.</summary>
    SpareOneTask,

    /// <summary>A process is left alive by the stop.</summary>
    LeaveOneAlive,

    /// <summary>A death is not told to the pool.</summary>
    KeepDeathSecret,

    /// <summary>A task is told of a start that it never had.</summary>
    InventStart,
}
