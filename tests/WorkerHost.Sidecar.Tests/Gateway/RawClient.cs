using System.Net.Sockets;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using WorkerHost.V1;

namespace WorkerHost.Sidecar.Tests.Gateway;

/// <summary>A client that speaks the contract by hand: one session on a connection of its own, which can be cut.</summary>
internal sealed class RawClient : IDisposable
{
    private readonly GrpcChannel channel;
    private readonly AsyncDuplexStreamingCall<SessionRequest, SessionResponse> call;
    private Socket? connection;

    private RawClient(string path)
    {
        channel = GrpcChannel.ForAddress("http://localhost", new GrpcChannelOptions
        {
            HttpHandler = new SocketsHttpHandler
            {
                ConnectCallback = async (_, token) =>
                {
                    connection = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                    await connection.ConnectAsync(new UnixDomainSocketEndPoint(path), token);
                    return new NetworkStream(connection, ownsSocket: true);
                },
            },
        });
        call = new TaskEndpoint.TaskEndpointClient(channel).OpenSession();
    }

    public EndpointHello Hello { get; private set; } = null!;

    public ulong Key { get; private init; }

    public static Task<RawClient> OpenAsync(string address, string prefix, ulong resumes = 0) => OpenAsync(
        address, new ClientHello { MinProtocol = 1, MaxProtocol = 1, SessionKey = (ulong)Random.Shared.NextInt64(1, long.MaxValue), IdPrefix = prefix, ResumesSession = resumes });

    /// <exception cref="RpcException">The host does not take that hello.</exception>
    public static async Task<RawClient> OpenAsync(string address, ClientHello hello)
    {
        var client = new RawClient(address["unix://".Length..]) { Key = hello.SessionKey };
        try
        {
            await client.SendAsync(new SessionRequest { Hello = hello });
            client.Hello = (await client.NextAsync()).Hello;
            return client;
        }
        catch
        {
            client.Dispose();
            throw;
        }
    }

    public Task SendAsync(SessionRequest frame) => call.RequestStream.WriteAsync(frame);

    public Task SubmitAsync(ulong sequence, ulong number, string task, string arguments, bool again = false, bool idempotent = false) => SendAsync(new SessionRequest
    {
        Tasks = { new TaskSubmission { Sequence = sequence, Number = number, Task = task, Data = ByteString.CopyFromUtf8(arguments), Attach = again, Idempotent = idempotent } },
    });

    public async Task<SessionResponse> NextAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        return await call.ResponseStream.MoveNext(limit.Token) ? call.ResponseStream.Current : throw new InvalidOperationException("the session has ended");
    }

    public async Task<TaskOutcome> OutcomeAsync()
    {
        while (true)
        {
            if ((await NextAsync()).Outcomes is [var first, ..])
            {
                return first;
            }
        }
    }

    /// <summary>As if the client's machine were gone.</summary>
    public void Cut() => connection!.Close();

    public void Dispose()
    {
        call.Dispose();
        channel.Dispose();
    }
}
