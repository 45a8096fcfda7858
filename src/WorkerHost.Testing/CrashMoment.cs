namespace WorkerHost.Testing;

/// <summary>When in the life of a task its worker ends; each leaves other evidence behind.</summary>
public enum CrashMoment
{
    /// <summary>
    /// It has the task and has not begun it: the ledger proves that it never started, so the pool gives it to another worker, idempotent or not.
    /// </summary>
    BeforeStart = 0,

    /// <summary>The start is marked and the handler is about to be called: the task may have run, and is the suspect.</summary>
    WhileRunning = 1,

    /// <summary>The handler has returned, its end is marked, and its result is lost on the way.</summary>
    AfterCompletion = 2,
}
