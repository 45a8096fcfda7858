using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace WorkerHost.Conformance.Tests;

/// <summary>A task endpoint of the tests' own at a Unix socket.</summary>
internal sealed class StrangeEndpoint : IAsyncDisposable
{
    private readonly WebApplication app;

    private StrangeEndpoint(WebApplication app, string address)
    {
        this.app = app;
        Address = address;
    }

    public string Address { get; }

    public static async Task<StrangeEndpoint> StartAsync<TService>(TService service, string path)
        where TService : V1.TaskEndpoint.TaskEndpointBase
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.ListenUnixSocket(path, l => l.Protocols = HttpProtocols.Http2));
        builder.Services.AddRoutingCore();
        builder.Services.AddGrpc(grpc => (grpc.MaxReceiveMessageSize, grpc.MaxSendMessageSize) = (null, null));
        builder.Services.AddSingleton(service);
        var app = builder.Build();
        app.UseRouting();
        app.MapGrpcService<TService>();
        await app.StartAsync();
        return new StrangeEndpoint(app, $"unix://{path}");
    }

    public ValueTask DisposeAsync() => app.DisposeAsync();
}
