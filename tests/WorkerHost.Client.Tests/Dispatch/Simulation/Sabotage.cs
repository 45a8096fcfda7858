namespace WorkerHost.Client.Tests;

/// <summary>Ways to break the simulated world on purpose: a checker that does not notice one of them checks nothing.</summary>
public enum Sabotage
{
    None,

    /// <summary>A living worker swallows a result.</summary>
    DropResult,

    /// <summary>A caller is told twice.</summary>
    TellTwice,

    /// <summary>A caller is told that all is over before being told how it ended.</summary>
    SettleFirst,

    /// <summary>Two tasks get each other's result.</summary>
    SwapResults,

    /// <summary>A process is reported dead while it still runs.</summary>
    ReportLivingAsDead,

    /// <summary>A worker runs a task without its start mark.</summary>
    ForgetStartMark,

    /// <summary>Kills from outside are reported as crashes.</summary>
    CallKillsCrashes,

    /// <summary>A task claims to have come before all others.</summary>
    JumpTheQueue,

    /// <summary>A turn counts as many.</summary>
    MiscountTurns,

    /// <summary>A worker gets a task that was refused.</summary>
    SendRefused,

    /// <summary>A worker gives a task back and runs it all the same.</summary>
    RunWhatWasGivenBack,

    /// <summary>A stop that is to let running tasks finish cancels one.</summary>
    CancelRunningAtStop,

    /// <summary>An item is lost on its way.</summary>
    DropItem,

    /// <summary>An item comes twice.</summary>
    RepeatItem,

    /// <summary>Nobody dispatches after a lane fell free.</summary>
    ForgetDispatch,
}
