namespace WorkerHost.Sidecar.Hosting;

/// <summary>
/// grpc-dotnet logs it as an error when a client is gone, or has given its call up, before its request was read whole. To a host that is
/// no error: it is for those who look for a defect there.
/// </summary>
internal sealed class QuietWhenClientsLeave(ILoggerFactory loggers) : ILoggerFactory
{
    public const string Calls = "Grpc.AspNetCore.Server.ServerCallHandler";

    public ILogger CreateLogger(string categoryName)
    {
        var logger = loggers.CreateLogger(categoryName);
        return categoryName == Calls ? new CallLogger(logger) : logger;
    }

    public void AddProvider(ILoggerProvider provider) => loggers.AddProvider(provider);

    public void Dispose()
    {
        // They belong to the host.
    }

    private sealed class CallLogger(ILogger logger) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => logger.BeginScope(state);

        public bool IsEnabled(LogLevel logLevel) => logger.IsEnabled(logLevel);

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            logger.Log(exception is IOException ? LogLevel.Debug : logLevel, eventId, state, exception, formatter);
    }
}
