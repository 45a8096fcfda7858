using System.Net;
using System.Net.Sockets;
using Grpc.Core;
using Grpc.Net.Client;

namespace WorkerHost.Client;

/// <summary>
/// A gRPC channel with one connection to one endpoint, over a Unix socket or TCP. Balancing and connectivity states of
/// grpc-dotnet do not work with a connect callback and are not used: the pool keeps the state of its endpoints.
/// </summary>
internal sealed class EndpointChannel : IDisposable
{
    /// <summary>With the time for the answer: a dead peer is noticed within 30 s.</summary>
    private static readonly TimeSpan SilenceBeforePing = TimeSpan.FromSeconds(15);

    private readonly GrpcChannel? channel;
    private readonly WorkerEndpoint worker;
    private readonly Func<Stream, Stream>? wrap;

    /// <param name="worker">Whom to reach.</param>
    /// <param name="maxMessageBytes">The largest task or result.</param>
    /// <param name="drainSafe">The channel is for a session, which must be readable to its end.</param>
    /// <param name="wrap">Tests put a stream of their own around the socket.</param>
    public EndpointChannel(WorkerEndpoint worker, int maxMessageBytes, bool drainSafe, Func<Stream, Stream>? wrap = null)
    {
        this.worker = worker;
        this.wrap = wrap;
        if (worker.InProcess is { } here)
        {
            Invoker = here;
            return;
        }

        var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            AllowAutoRedirect = false,
            UseCookies = false,
            ActivityHeadersPropagator = null,
            PooledConnectionLifetime = Timeout.InfiniteTimeSpan,
            PooledConnectionIdleTimeout = Timeout.InfiniteTimeSpan,
            EnableMultipleHttp2Connections = false,
            InitialHttp2StreamWindowSize = 4 * 1024 * 1024,
            ConnectTimeout = TimeSpan.FromSeconds(10),
            ConnectCallback = async (_, token) => await ConnectAsync(drainSafe, token).ConfigureAwait(false),
        };

        if (worker.Tls is { } tls)
        {
            handler.SslOptions = tls;
        }

        if (drainSafe && IsEncrypted)
        {
            // Below TLS there are no frames that could be told apart.
            handler.PlaintextStreamFilter = (context, _) => ValueTask.FromResult<Stream>(Stream = new DrainSafeStream(context.PlaintextStream));
        }

        if (drainSafe && worker.Pid == 0 && UnixAddress.PathOf(worker.Address) is null)
        {
            // Another machine: nobody says of one that is gone that it is. Only for sessions, which last; servers of other languages may take pings
            // beside a silent call for an attack.
            handler.KeepAlivePingDelay = SilenceBeforePing;
            handler.KeepAlivePingTimeout = TimeSpan.FromSeconds(10);
            handler.KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests;
        }

        // A Unix socket's path is no authority; every server understands "localhost".
        var address = UnixAddress.PathOf(worker.Address) is not null ? new Uri("http://localhost") : worker.Address;
        channel = GrpcChannel.ForAddress(address, new GrpcChannelOptions
        {
            HttpHandler = handler,
            DisposeHttpClient = true,
            MaxReceiveMessageSize = LargestFrame(maxMessageBytes),
            MaxSendMessageSize = LargestFrame(maxMessageBytes),
            MaxRetryAttempts = 0,
        });
        Invoker = channel.CreateCallInvoker();
    }

    public CallInvoker Invoker { get; }

    /// <summary>The stream of the one connection; null before it was made or when not drain-safe.</summary>
    public DrainSafeStream? Stream { get; private set; }

    /// <summary>Headers that every call to this endpoint carries, or null.</summary>
    public Metadata? Headers() => worker.Secret is { } secret ? new Metadata { { "authorization", $"Bearer {secret}" } } : null;

    public void Dispose() => channel?.Dispose();

    private bool IsEncrypted => worker.Address.Scheme == Uri.UriSchemeHttps;

    /// <summary>One task of the largest size alone, or a batch of small ones: whichever is more.</summary>
    private static int LargestFrame(int maxMessageBytes) => Math.Max(maxMessageBytes, ProtocolLimits.MaxFrameBytes) + ProtocolLimits.MessageOverheadBytes;

    private async Task<Stream> ConnectAsync(bool drainSafe, CancellationToken cancellationToken)
    {
        var path = UnixAddress.PathOf(worker.Address);
        var socket = path is not null
            ? new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
            : new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            EndPoint target = path is not null
                ? new UnixDomainSocketEndPoint(path)
                : new DnsEndPoint(worker.Address.Host, worker.Address.Port);
            await socket.ConnectAsync(target, cancellationToken).ConfigureAwait(false);
            if (path is not null)
            {
                PeerCredentials.Check(socket, worker);
            }
        }
        catch (SocketException e)
        {
            socket.Dispose();
            throw new ConnectException(path is null || e.SocketErrorCode is SocketError.AccessDenied ? e.Message : Path.Exists(path) ? "nobody listens on this socket" : "there is no such socket", e);
        }
        catch
        {
            socket.Dispose();
            throw;
        }

        Stream stream = new NetworkStream(socket, ownsSocket: true);
        stream = wrap?.Invoke(stream) ?? stream;
        if (drainSafe && !IsEncrypted)
        {
            stream = Stream = new DrainSafeStream(stream);
        }

        return stream;
    }
}
