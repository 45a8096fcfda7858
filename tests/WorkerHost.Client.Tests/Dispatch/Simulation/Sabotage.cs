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

    /// <summary>Nobody dispatches after a lane fell free.</summary>
    ForgetDispatch,
}
