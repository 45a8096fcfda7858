using Grpc.Core;
using Grpc.Net.Client;

namespace WorkerHost.Supervision;

/// <summary>A gRPC channel of the supervisor's own to one worker.</summary>
internal sealed class WorkerChannel : IDisposable
{
    private readonly SocketsHttpHandler handler;
    private readonly GrpcChannel channel;
    private readonly string? secret;

    public WorkerChannel(WorkerConnector connector, string? secret)
    {
        this.secret = secret;
        handler = new SocketsHttpHandler { ConnectCallback = connector.ConnectAsync, UseProxy = false, AllowAutoRedirect = false, UseCookies = false };
        channel = GrpcChannel.ForAddress("http://localhost", new GrpcChannelOptions { HttpHandler = handler });
    }

    public ChannelBase Channel => channel;

    /// <summary>Made anew for each call.</summary>
    public Metadata Headers()
    {
        var headers = new Metadata();
        if (secret is not null)
        {
            headers.Add("authorization", $"Bearer {secret}");
        }

        return headers;
    }

    public void Dispose()
    {
        channel.Dispose();
        handler.Dispose();
    }
}
