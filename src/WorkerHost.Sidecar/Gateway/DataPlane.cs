using System.Collections.Immutable;
using Grpc.AspNetCore.Server;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using WorkerHost.Sidecar.Hosting;
using WorkerHost.Worker;

namespace WorkerHost.Sidecar.Gateway;

/// <summary>The listeners for those who have tasks done: gRPC on a Unix socket.</summary>
internal sealed class DataPlane : IAsyncDisposable
{
    // A session is one stream, but a client without sessions has a stream per call in flight.
    private const int MaxStreams = 10_000;

    // Room for a batch of frames or one large task without a round trip for credit.
    private const int WindowBytes = 8 * 1024 * 1024;

    private readonly WebApplication server;

    private DataPlane(WebApplication server, ImmutableArray<string> addresses)
    {
        this.server = server;
        Addresses = addresses;
    }

    /// <summary>Where it listens, as clients write it.</summary>
    public ImmutableArray<string> Addresses { get; }

    /// <summary>Returns when it listens.</summary>
    /// <param name="socket">The path of the Unix socket; nothing is there.</param>
    /// <param name="endpoints">What stands behind it.</param>
    /// <param name="maxMessageBytes">The largest message that is taken.</param>
    /// <param name="loggers">For what is wrong with connections and calls.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="IOException">It cannot listen there.</exception>
    public static async Task<DataPlane> StartAsync(
        string socket, PoolEndpoints endpoints, int maxMessageBytes, ILoggerFactory loggers, CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { Args = [] });
        builder.Services.AddSingleton(loggers);
        builder.Services.AddSingleton(typeof(ILogger<>), typeof(Logger<>));
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        builder.Services.AddRoutingCore();
        builder.Services.AddGrpc();
        builder.Services.PostConfigure<GrpcServiceOptions>(options =>
        {
            options.MaxSendMessageSize = null;
            options.MaxReceiveMessageSize = Math.Max(maxMessageBytes, ProtocolLimits.MaxFrameBytes) + ProtocolLimits.MessageOverheadBytes;

            // That the limit holds for what they inflate to as well is grpc-dotnet's affair; within one machine compression costs more than it saves.
            options.CompressionProviders.Clear();
        });
        builder.Services.AddSingleton(new TaskEndpointService(endpoints.Named));
        builder.WebHost.UseKestrelCore().ConfigureKestrel(options => Configure(options, socket));
        var server = builder.Build();
        server.MapGrpcService<TaskEndpointService>();
        try
        {
            await server.StartAsync(cancellationToken).ConfigureAwait(false);
            if (!OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(socket, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            }

            return new DataPlane(server, [$"unix://{socket}"]);
        }
        catch
        {
            await server.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Lets answers reach the wire, and closes what is still open.</summary>
    public async ValueTask DisposeAsync()
    {
        using var grace = new CancellationTokenSource(TimeSpan.FromSeconds(2));
        await server.StopAsync(grace.Token).ConfigureAwait(false);
        await server.DisposeAsync().ConfigureAwait(false);
    }

    private static void Configure(KestrelServerOptions options, string socket)
    {
        options.AddServerHeader = false;
        options.Limits.Http2.MaxStreamsPerConnection = MaxStreams;
        options.Limits.Http2.InitialConnectionWindowSize = WindowBytes;
        options.Limits.Http2.InitialStreamWindowSize = WindowBytes;

        // Sessions are silent for as long as nobody has work.
        options.Limits.MinRequestBodyDataRate = null;
        options.Limits.MinResponseDataRate = null;
        options.Limits.MaxRequestBodySize = null;
        options.ListenUnixSocket(socket, static listen => listen.Protocols = HttpProtocols.Http2);
    }
}
