using System.Net.Sockets;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;

namespace WorkerHost.Sidecar.Tests.Gateway;

/// <summary>Several clients of one host.</summary>
[Trait("Scenario", "52")]
public sealed class SharedQueueTests(GatewayFixture host) : IClassFixture<GatewayFixture>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_flood_of_one_client_leaves_others_their_turns()
    {
        await using var session = await WorkerPool.ConnectAsync(host.Address, new WorkerPoolOptions { Name = "other" }, Token);
        using var channel = Channel();
        using var flooding = Channel();
        var calls = new V1.TaskEndpoint.TaskEndpointClient(channel);
        var floodingCalls = new V1.TaskEndpoint.TaskEndpointClient(flooding);
        await RunAsync(session);
        await CallAsync(calls);

        var ended = 0;
        var flood = Enumerable.Range(0, 600).Select(_ => OneOfManyAsync()).ToList();
        await Eventually.IsTrue(() => host.Workers.QueuedTasks >= 150);
        var sessionTurns = await PassedAsync(() => RunAsync(session));
        var callTurns = await PassedAsync(() => CallAsync(calls));
        await Task.WhenAll(flood).WaitAsync(Eventually.Patience, Token);

        // More than a hundred were in the queue before each; as many went before it as ended while it was on its way.
        Assert.InRange(sessionTurns, 0, 40);
        Assert.InRange(callTurns, 0, 40);

        async Task OneOfManyAsync()
        {
            await CallAsync(floodingCalls);
            Interlocked.Increment(ref ended);
        }

        // The quickest of a few: the machine may stand still at any moment.
        async Task<int> PassedAsync(Func<Task> run)
        {
            var least = int.MaxValue;
            for (var i = 0; i < 5; i++)
            {
                var before = Volatile.Read(ref ended);
                await run();
                var after = Volatile.Read(ref ended);
                least = after < 450 ? Math.Min(least, after - before) : least;
            }

            return least;
        }
    }

    [Theory]
    [InlineData(7, 0, "the task's priority is 7; it is one of -2 to 2")]
    [InlineData(int.MinValue, 0, "the task's priority is -2147483648")]
    [InlineData(0, 1025, "the task's affinity key has 1025 characters; the limit is 1024")]
    public async Task What_a_queue_cannot_heed_is_refused_by_its_name(int priority, int keyLength, string message)
    {
        using var channel = Channel();
        var calls = new V1.TaskEndpoint.TaskEndpointClient(channel);
        var refused = await Assert.ThrowsAsync<RpcException>(() => CallAsync(calls, new V1.RunRequest { Priority = priority, AffinityKey = new string('k', keyLength) }));
        Assert.Equal(StatusCode.InvalidArgument, refused.StatusCode);
        Assert.Contains(message, refused.Status.Detail, StringComparison.Ordinal);
        await CallAsync(calls, new V1.RunRequest { Priority = -2, AffinityKey = "model-7" });
    }

    private static Task RunAsync(WorkerPool pool) => pool.Submit<int>("block_pid", [3]).Task.WaitAsync(Eventually.Patience, Token);

    private static async Task CallAsync(V1.TaskEndpoint.TaskEndpointClient calls, V1.RunRequest? request = null)
    {
        request ??= new V1.RunRequest();
        request.Task = "block_pid";
        request.Payload = new V1.Payload { Data = ByteString.CopyFromUtf8("[3]") };
        await calls.RunAsync(request, cancellationToken: Token);
    }

    private GrpcChannel Channel() => GrpcChannel.ForAddress("http://localhost", new GrpcChannelOptions
    {
        DisposeHttpClient = true,
        HttpHandler = new SocketsHttpHandler
        {
            ConnectCallback = async (_, token) =>
            {
                var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(host.Address["unix://".Length..]), token);
                return new NetworkStream(socket, ownsSocket: true);
            },
        },
    });
}
