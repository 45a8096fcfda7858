namespace WorkerHost.Sidecar.Hosting;

/// <summary>What a host says about itself.</summary>
internal static partial class HostMessages
{
    [LoggerMessage(1, LogLevel.Information, "host {Instance} (pid {Pid}) serves {Pools} pools at {Addresses}")]
    public static partial void Serves(ILogger logger, string instance, int pid, int pools, string addresses);

    [LoggerMessage(2, LogLevel.Information, "host {Instance} stops: {Reason}; accepted tasks may finish, a second signal hurries")]
    public static partial void Stops(ILogger logger, string instance, string reason);

    [LoggerMessage(3, LogLevel.Information, "host {Instance} has stopped")]
    public static partial void Stopped(ILogger logger, string instance);

    [LoggerMessage(4, LogLevel.Warning, "{Path} says where another host is found (pid {Pid}), which still runs; this one writes none: give it --endpoint-file")]
    public static partial void EndpointFileTaken(ILogger logger, string path, int pid);

    [LoggerMessage(5, LogLevel.Error, "a pool could not be stopped in good order: {Problem}")]
    public static partial void PoolNotStopped(ILogger logger, Exception exception, string problem);

    [LoggerMessage(6, LogLevel.Information, "the configuration was read again: {What}")]
    public static partial void Reloaded(ILogger logger, string what);

    [LoggerMessage(7, LogLevel.Error, "the configuration was read again and cannot be used; nothing was changed:{Errors}")]
    public static partial void NotReloaded(ILogger logger, string errors);

    [LoggerMessage(9, LogLevel.Error, "the configuration could not be read again, and nothing more is changed: {Problem}")]
    public static partial void ReloadFailed(ILogger logger, Exception exception, string problem);

    [LoggerMessage(8, LogLevel.Information, "pool {Pool}: the configuration has changed ({Settings}); another one is started, and takes its place when it is ready")]
    public static partial void Replacing(ILogger logger, string pool, string settings);
}
