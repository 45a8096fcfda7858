using Google.Protobuf;
using WorkerHost.Sidecar.Configuration;
using WorkerHost.V1;

namespace WorkerHost.Sidecar.Tests.Gateway;

/// <summary>Peers that were admitted and begin to send more than a host wants to keep: it reads them no further, and others get through.</summary>
public sealed class HoardTests
{
    private const int Large = 8 << 20;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    [Trait("Scenario", "59")]
    public async Task Sessions_and_calls_that_hoard_are_read_no_further_and_a_small_client_gets_through()
    {
        await using var host = await HostUnderTest.StartAsync(
            new DataSettings { MaxBufferedBytes = 32 << 20, MaxConnections = 20 },
            await HostUnderTest.InProcess("images", MapLength));
        var address = host.Plane.Addresses[0];
        var hoarders = new List<RawClient>();
        var calls = new List<Task>();
        try
        {
            // Each begins three payloads and ends none.
            for (var i = 0; i < 6; i++)
            {
                var hoarder = await RawClient.OpenAsync(address, $"hoarder-{i}");
                hoarders.Add(hoarder);
                for (ulong upload = 1; upload <= 3; upload++)
                {
                    await hoarder.SendAsync(Piece(upload, 0, 64 << 10));
                }
            }

            await Eventually.IsTrue(() => host.Budget.Waiting >= 5, "all but the one that is favoured are read no further");
            Assert.InRange(host.Budget.Held, 3 * Large, (16 << 20) + (3 * Large));

            // Calls with large messages wait as well, and small ones do not.
            for (var i = 0; i < 3; i++)
            {
                calls.Add(LengthAsync(new TaskEndpoint.TaskEndpointClient(host.OverSocket()), Large));
            }

            await Eventually.IsTrue(() => host.Budget.Waiting >= 8, "the large calls wait");
            var other = new TaskEndpoint.TaskEndpointClient(host.OverSocket());
            Assert.Equal(100_000, await LengthAsync(other, 100_000));
            Assert.Equal(700_000, await LengthAsync(other, 700_000));

            await using var small = await WorkerPool.ConnectAsync(address, new WorkerPoolOptions { Name = "small" }, Token);
            var bytes = new byte[600_000];
            Assert.Equal("600000", System.Text.Encoding.UTF8.GetString((await small.SubmitBytes("length", bytes).Task.WaitAsync(Eventually.Patience, Token)).Span));
            Assert.All(calls, static call => Assert.False(call.IsCompleted));
        }
        finally
        {
            hoarders.ForEach(static hoarder => hoarder.Dispose());
        }

        // Nobody who waited has heard of it.
        await Task.WhenAll(calls).WaitAsync(Eventually.Patience, Token);
        await Eventually.IsTrue(() => host.Budget is { Held: 0, Waiting: 0 }, "all of it was given back");
    }

    [Fact]
    public async Task One_session_alone_may_have_as_much_on_its_way_as_the_protocol_allows()
    {
        await using var host = await HostUnderTest.StartAsync(
            new DataSettings { MaxBufferedBytes = 16 << 20, MaxConnections = 20 },
            await HostUnderTest.InProcess("images", MapLength));
        using var client = await RawClient.OpenAsync(host.Plane.Addresses[0], "alone");
        for (ulong upload = 1; upload <= ProtocolLimits.MaxPartialPayloads; upload++)
        {
            await client.SendAsync(Piece(upload, 0, Large / 2));
        }

        for (ulong upload = 1; upload <= ProtocolLimits.MaxPartialPayloads; upload++)
        {
            await client.SendAsync(new SessionRequest
            {
                Tasks =
                {
                    new TaskSubmission
                    {
                        Sequence = upload, Number = upload, Task = "length", ContentType = "application/octet-stream",
                        Upload = upload, TotalBytes = Large, Data = ByteString.CopyFrom(new byte[Large / 2]),
                    },
                },
            });
            Assert.Equal($"{Large}", (await client.OutcomeAsync()).Data.ToStringUtf8());
        }

        await Eventually.IsTrue(() => host.Budget is { Held: 0, Waiting: 0 }, "all of it was given back");
    }

    private static void MapLength(WorkerApplication worker) => worker.MapTask(
        "length",
        static (ReadOnlyMemory<byte> bytes, TaskContext _, CancellationToken _) => new ValueTask<ReadOnlyMemory<byte>>(
            System.Text.Encoding.UTF8.GetBytes(bytes.Length.ToString(System.Globalization.CultureInfo.InvariantCulture))));

    private static SessionRequest Piece(ulong upload, ulong offset, int length) => new()
    {
        Chunks = { new PayloadChunk { Sequence = upload, Offset = offset, Data = ByteString.CopyFrom(new byte[length]), TotalBytes = Large } },
    };

    private static async Task<int> LengthAsync(TaskEndpoint.TaskEndpointClient endpoint, int length)
    {
        var answer = await endpoint.RunAsync(
            new RunRequest { Task = "length", Payload = new Payload { ContentType = "application/octet-stream", Data = ByteString.CopyFrom(new byte[length]) } }, cancellationToken: Token);
        return int.Parse(answer.Result.Data.ToStringUtf8(), System.Globalization.CultureInfo.InvariantCulture);
    }
}
