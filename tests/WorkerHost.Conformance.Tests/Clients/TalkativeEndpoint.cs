using System.Net.Sockets;
using Grpc.Core;
using Grpc.Net.Client;
using WorkerHost.V1;

namespace WorkerHost.Conformance.Tests;

/// <summary>Passes everything on to the host, and adds to every answer what nobody knows.</summary>
internal sealed class TalkativeEndpoint : TaskEndpoint.TaskEndpointBase
{
    private readonly TaskEndpoint.TaskEndpointClient host;

    /// <param name="socket">The host's.</param>
    public TalkativeEndpoint(string socket) => host = new TaskEndpoint.TaskEndpointClient(GrpcChannel.ForAddress("http://localhost", new GrpcChannelOptions
    {
        MaxReceiveMessageSize = null,
        DisposeHttpClient = true,
        HttpHandler = new SocketsHttpHandler
        {
            ConnectCallback = async (_, token) =>
            {
                var connection = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await connection.ConnectAsync(new UnixDomainSocketEndPoint(socket), token);
                return new NetworkStream(connection, ownsSocket: true);
            },
        },
    }));

    public override async Task<RunResponse> Run(RunRequest request, ServerCallContext context) =>
        UnknownFields.Added(await host.RunAsync(request, cancellationToken: context.CancellationToken, deadline: context.Deadline));

    public override async Task<DescribeResponse> Describe(DescribeRequest request, ServerCallContext context) =>
        UnknownFields.Added(await host.DescribeAsync(request, cancellationToken: context.CancellationToken));

    public override async Task RunWithEvents(RunWithEventsRequest request, IServerStreamWriter<RunWithEventsResponse> responseStream, ServerCallContext context)
    {
        using var call = host.RunWithEvents(request, cancellationToken: context.CancellationToken, deadline: context.Deadline);
        await foreach (var answer in call.ResponseStream.ReadAllAsync(context.CancellationToken))
        {
            await responseStream.WriteAsync(UnknownFields.Added(answer));
        }
    }

    public override async Task OpenSession(IAsyncStreamReader<SessionRequest> requestStream, IServerStreamWriter<SessionResponse> responseStream, ServerCallContext context)
    {
        using var call = host.OpenSession(cancellationToken: context.CancellationToken);
        var there = ThereAsync();
        await foreach (var frame in call.ResponseStream.ReadAllAsync(context.CancellationToken))
        {
            await responseStream.WriteAsync(UnknownFields.Added(frame));
        }

        await there;

        async Task ThereAsync()
        {
            await foreach (var frame in requestStream.ReadAllAsync(context.CancellationToken))
            {
                await call.RequestStream.WriteAsync(frame);
            }

            await call.RequestStream.CompleteAsync();
        }
    }
}
