using Google.Protobuf;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace WorkerHost.Tests;

/// <summary>The smallest endpoint the contract allows: <c>Run</c> and nothing else, as another language may have it; or with <c>RunWithEvents</c> beside it.</summary>
public sealed class RunOnlyEndpoint : IAsyncDisposable
{
    private readonly WebApplication app;

    private RunOnlyEndpoint(WebApplication app, string address)
    {
        this.app = app;
        Address = address;
    }

    public string Address { get; }

    public static Task<RunOnlyEndpoint> StartAsync() => StartAsync(new Service());

    public static async Task<RunOnlyEndpoint> StartAsync<TService>(TService service)
        where TService : Service
    {
        var path = TestPool.NewPath();
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(k => k.ListenUnixSocket(path, l => l.Protocols = HttpProtocols.Http2));
        builder.Services.AddRoutingCore();
        builder.Services.AddGrpc();
        builder.Services.AddSingleton(service);
        var app = builder.Build();
        app.UseRouting();
        app.MapGrpcService<TService>();
        await app.StartAsync(TestContext.Current.CancellationToken);
        return new RunOnlyEndpoint(app, $"unix://{path}");
    }

    public async ValueTask DisposeAsync()
    {
        await app.DisposeAsync();
    }

    public class Service : V1.TaskEndpoint.TaskEndpointBase
    {
        public override async Task<V1.RunResponse> Run(V1.RunRequest request, ServerCallContext context)
        {
            switch (request.Task)
            {
                case "echo":
                    return new V1.RunResponse { Id = request.Id, Result = new V1.Payload { ContentType = request.Payload.ContentType, Data = ByteString.CopyFrom(request.Payload.Data.Span) } };
                case "wait":
                    await Task.Delay(Timeout.Infinite, context.CancellationToken);
                    return new V1.RunResponse();
                default:
                    throw new RpcException(new Status(StatusCode.Unimplemented, $"there is no task {request.Task} here, only echo and wait"));
            }
        }
    }
}
