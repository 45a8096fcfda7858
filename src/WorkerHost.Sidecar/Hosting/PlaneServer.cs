namespace WorkerHost.Sidecar.Hosting;

/// <summary>What the web servers of both planes have in common: nothing of the framework's configuration, log or signals, and a socket for its user alone.</summary>
internal static class PlaneServer
{
    // What was answered last still has to reach the wire.
    private static readonly TimeSpan StopGrace = TimeSpan.FromSeconds(2);

    public static WebApplicationBuilder NewBuilder(ILoggerFactory loggers)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { Args = [] });
        builder.Services.AddSingleton<ILoggerFactory>(new QuietWhenClientsLeave(loggers));
        builder.Services.AddSingleton(typeof(ILogger<>), typeof(Logger<>));
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        return builder;
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
