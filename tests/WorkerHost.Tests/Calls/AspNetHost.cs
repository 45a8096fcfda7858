using System.Net.Sockets;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using WorkerHost.Tests.Protos;

namespace WorkerHost.Tests;

/// <summary>The service as everybody hosts it: ASP.NET Core on a Unix socket, and a channel to it.</summary>
internal sealed class AspNetHost : IAsyncDisposable
{
    private readonly WebApplication app;

    private AspNetHost(WebApplication app, GrpcChannel channel)
    {
        this.app = app;
        Channel = channel;
    }

    public GrpcChannel Channel { get; }

    public static async Task<AspNetHost> StartAsync(int maxMessageBytes)
    {
        var path = TestPool.NewPath();
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(k => k.ListenUnixSocket(path, l => l.Protocols = HttpProtocols.Http2));
        builder.Services.AddRoutingCore();
        builder.Services.AddGrpc(o =>
        {
            (o.MaxReceiveMessageSize, o.MaxSendMessageSize) = (maxMessageBytes, maxMessageBytes);
            o.Interceptors.Add<Doorkeeper>();
        });
        var app = builder.Build();
        app.UseRouting();
        app.MapGrpcService<ProbeService>();
        await app.StartAsync(TestContext.Current.CancellationToken);
        return new AspNetHost(app, ChannelTo(path, maxMessageBytes));
    }

    public static GrpcChannel ChannelTo(string path, int? maxMessageBytes) => GrpcChannel.ForAddress("http://localhost", new GrpcChannelOptions
    {
        MaxReceiveMessageSize = maxMessageBytes,
        MaxSendMessageSize = maxMessageBytes,
        DisposeHttpClient = true,
        HttpHandler = new SocketsHttpHandler
        {
            ConnectCallback = async (_, token) =>
            {
                var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), token);
                return new NetworkStream(socket, ownsSocket: true);
            },
        },
    });

    public async ValueTask DisposeAsync()
    {
        Channel.Dispose();
        await app.DisposeAsync();
    }
}
