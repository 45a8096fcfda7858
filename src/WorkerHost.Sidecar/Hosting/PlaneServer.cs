namespace WorkerHost.Sidecar.Hosting;

/// <summary>What the web servers of both planes have in common: nothing of the framework's configuration, log or signals, and a socket for its user alone.</summary>
internal static class PlaneServer
{
    // What was answered last still has to reach the wire.
    private static readonly TimeSpan StopGrace = TimeSpan.FromSeconds(2);

    // Headers are one packet or a few: who takes longer has something else in mind.
    public static readonly TimeSpan HeadersWithin = TimeSpan.FromSeconds(10);

    public static WebApplicationBuilder NewBuilder(ILoggerFactory loggers)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { Args = [] });
        builder.Services.AddSingleton<ILoggerFactory>(new QuietWhenClientsLeave(new WithoutStartFailures(loggers)));
        builder.Services.AddSingleton(typeof(ILogger<>), typeof(Logger<>));
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        return builder;
    }

    /// <summary>That a server cannot start is thrown, and told once by whoever starts it; the framework would log it twice before, with stacks.</summary>
    private sealed class WithoutStartFailures(ILoggerFactory loggers) : ILoggerFactory
    {
        public void AddProvider(ILoggerProvider provider) => loggers.AddProvider(provider);

        public ILogger CreateLogger(string categoryName) => categoryName is "Microsoft.Extensions.Hosting.Internal.Host" or "Microsoft.AspNetCore.Server.Kestrel"
            ? new Filtered(loggers.CreateLogger(categoryName))
            : loggers.CreateLogger(categoryName);

        public void Dispose()
        {
            // They are their owner's.
        }

        private sealed class Filtered(ILogger logger) : ILogger
        {
            public IDisposable? BeginScope<TState>(TState state)
                where TState : notnull => logger.BeginScope(state);

            public bool IsEnabled(LogLevel logLevel) => logger.IsEnabled(logLevel);

            public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
            {
                if (exception is not ListenException)
                {
                    logger.Log(logLevel, eventId, state, exception, formatter);
                }
            }
        }
    }

    /// <summary>Closes the file of a socket that is listened at to everybody else; strangers who were faster met the guard.</summary>
    public static void Protect(string socket)
    {
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(socket, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
    }

    /// <summary>Lets answers reach the wire, and closes what is still open after a moment.</summary>
    public static async Task EndAsync(WebApplication server)
    {
        using var grace = new CancellationTokenSource(StopGrace);
        await server.StopAsync(grace.Token).ConfigureAwait(false);
        await server.DisposeAsync().ConfigureAwait(false);
    }
}
