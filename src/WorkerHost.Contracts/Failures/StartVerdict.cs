namespace WorkerHost;

/// <summary>What a dead worker's marks (its ledger) say of a task whose outcome did not arrive.</summary>
public enum StartVerdict
{
    /// <summary>
    /// Nothing: the worker keeps no ledger (another language, a bare address), what it left cannot be read, or it has no marks
    /// of this session. The task may have run.
    /// </summary>
    Unknown = 0,

    /// <summary>No handler code ran: it is above every start mark, or was never written to the wire. Such a task runs again free.</summary>
    NeverStarted = 1,

    /// <summary>
    /// This task or a later one of its session was started, and no lane has it. It may have run: its place was taken by another
    /// since, or it was given back unstarted and the worker died before it could say so.
    /// </summary>
    Passed = 2,

    /// <summary>It was in a lane when the worker died.</summary>
    Running = 3,

    /// <summary>Its handler had returned, and a lane still says so; the result was lost with the worker.</summary>
    Finished = 4,
}
