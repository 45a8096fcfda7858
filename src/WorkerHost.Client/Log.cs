using Microsoft.Extensions.Logging;

namespace WorkerHost.Client;

/// <summary>What the pool says.</summary>
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Warning, "Worker {Worker} is to be killed: {Reason}")]
    public static partial void KillOrdered(ILogger logger, WorkerId worker, string reason);

    [LoggerMessage(2, LogLevel.Error, "The session with {Worker} is ended: {Reason}")]
    public static partial void SessionAborted(ILogger logger, WorkerId worker, string reason);

    [LoggerMessage(3, LogLevel.Debug, "A late outcome of {Worker} for sequence {Sequence} was dropped")]
    public static partial void LateOutcome(ILogger logger, WorkerId worker, ulong sequence);

    [LoggerMessage(4, LogLevel.Warning, "Cannot open a session with {Worker} at {Address}, try {Try}: {Reason}")]
    public static partial void CannotConnect(ILogger logger, WorkerId worker, Uri address, int @try, string reason);

    [LoggerMessage(13, LogLevel.Warning, "The session with {Worker} at {Address} broke ({Reason}) with {Tasks} tasks under way; host instance {Instance} keeps them for {Delay}")]
    public static partial void SessionBroke(ILogger logger, WorkerId worker, Uri address, string reason, ulong tasks, string instance, TimeSpan delay);

    [LoggerMessage(14, LogLevel.Information, "Connected to {Worker} at {Address} again: {Tasks} tasks go on at host instance {Instance}")]
    public static partial void Attached(ILogger logger, WorkerId worker, Uri address, ulong tasks, string instance);

    [LoggerMessage(15, LogLevel.Warning, "{Tasks} tasks of {Worker} at {Address} are not waited for any more: {Reason}")]
    public static partial void HostLost(ILogger logger, WorkerId worker, Uri address, ulong tasks, string reason);

    [LoggerMessage(5, LogLevel.Error, "A callback of task {Task} threw; the next one runs all the same")]
    public static partial void CallbackThrew(ILogger logger, Exception exception, string task);

    [LoggerMessage(12, LogLevel.Error, "TaskOptions.Progress of task {Task} threw; the task goes on, and so do its reports")]
    public static partial void ProgressThrew(ILogger logger, Exception exception, string task);

    [LoggerMessage(6, LogLevel.Information, "Attempt {Attempt} of task {Task} failed with {Kind}; trying again in {Delay}")]
    public static partial void Retrying(ILogger logger, int attempt, string task, TaskFailureKind kind, TimeSpan delay);

    [LoggerMessage(7, LogLevel.Debug, "Connected to {Worker} at {Address}: {Concurrency} lanes")]
    public static partial void Connected(ILogger logger, WorkerId worker, Uri address, int concurrency);

    [LoggerMessage(10, LogLevel.Warning, "Quarantined: {Failure}")]
    public static partial void Quarantined(ILogger logger, string failure);

    [LoggerMessage(11, LogLevel.Warning, "The attempt pipeline of task {Task} did not end within {Grace} of the pool's stop; it is left behind, and the task ends with its last failure")]
    public static partial void PipelineDeaf(ILogger logger, string task, TimeSpan grace);

    [LoggerMessage(9, LogLevel.Error, "{What} could not be carried out; the other tasks go on")]
    public static partial void ActionBroke(ILogger logger, Exception exception, string what);

    [LoggerMessage(8, LogLevel.Critical, "The pool's loop over worker sets ended with a defect; please report it")]
    public static partial void LoopBroke(ILogger logger, Exception exception);
}
