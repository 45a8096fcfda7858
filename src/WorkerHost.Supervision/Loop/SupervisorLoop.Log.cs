using Microsoft.Extensions.Logging;

namespace WorkerHost.Supervision;

/// <summary>What the loop says.</summary>
internal sealed partial class SupervisorLoop
{
    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "pool {Pool}: starting {Workers} workers: {Command}")]
        public static partial void Starting(ILogger logger, string pool, int workers, string command);

        [LoggerMessage(2, LogLevel.Information, "worker {Worker} (pid {Pid}) is ready after {Milliseconds:0} ms")]
        public static partial void Ready(ILogger logger, WorkerId worker, int pid, double milliseconds);

        [LoggerMessage(3, LogLevel.Warning, "{Report}")]
        public static partial void Died(ILogger logger, DeathReport report);

        [LoggerMessage(4, LogLevel.Information, "{Report}")]
        public static partial void Left(ILogger logger, DeathReport report);

        [LoggerMessage(5, LogLevel.Information, "pool {Pool}: stopping")]
        public static partial void Stopping(ILogger logger, string pool);

        [LoggerMessage(6, LogLevel.Information, "pool {Pool}: stopped")]
        public static partial void Stopped(ILogger logger, string pool);

        [LoggerMessage(7, LogLevel.Error, "worker {Worker} (pid {Pid}) has not ended after SIGKILL and is left behind; is it stuck in the kernel (state D in ps)?")]
        public static partial void Stayed(ILogger logger, WorkerId worker, int pid);

        [LoggerMessage(8, LogLevel.Critical, "pool {Pool}: the supervisor failed and has killed its workers")]
        public static partial void Failed(ILogger logger, string pool, Exception error);

        [LoggerMessage(9, LogLevel.Warning, "{Problem}; if this process is killed, what its workers have started may live on")]
        public static partial void NoWarden(ILogger logger, string problem);

        [LoggerMessage(10, LogLevel.Error, "worker {Worker}: watching it failed")]
        public static partial void WatchFailed(ILogger logger, WorkerId worker, Exception error);

        [LoggerMessage(11, LogLevel.Error, "worker {Worker}: its pool could not say what it was running")]
        public static partial void LoadFailed(ILogger logger, WorkerId worker, Exception error);
    }
}
