using System.IO.Compression;

namespace WorkerHost.Client.Tests;

/// <summary>An endpoint that answers with what is small on the wire and large behind it: the limit holds for what it inflates to.</summary>
[Collection(nameof(Alone))]
[Trait("Scenario", "59")]
public sealed class InflationTests
{
    private const int InflatedMiB = 256;
    private const int LimitMiB = 1;

    private static readonly byte[] Bomb = Zeros(InflatedMiB);

    [Fact]
    public async Task A_session_in_which_an_outcome_would_inflate_is_broken_off_and_costs_no_more_than_the_limit()
    {
        await using var rig = new LoopRig();
        using var listener = new RawListener();
        var opening = OpenAsync(rig, listener);
        using var peer = await listener.AcceptAsync().Soon();
        await peer.HandshakeAsync(concurrency: 1, encoding: "gzip").Soon();
        await using var connection = await opening.Soon();
        rig.Loop.EndpointOpened(connection.State);
        connection.Start();
        var future = rig.Submit();
        await peer.ReadAsync().Soon();
        var bomb = RawHttp2Peer.Message(Bomb, compressed: true);
        var before = GC.GetTotalAllocatedBytes();

        await peer.SendAsync(bomb);

        var thrown = await Assert.ThrowsAsync<TaskException>(() => future.Soon());
        Assert.Equal(TaskFailureKind.WorkerLost, thrown.Kind);
        Assert.Contains("exceeds the maximum configured message size", thrown.Message, StringComparison.Ordinal);
        Assert.InRange(GC.GetTotalAllocatedBytes() - before, 0, 16 * LimitMiB * 1024 * 1024);
        await connection.Ended.Soon();
    }

    [Fact]
    public async Task A_session_whose_hello_would_inflate_is_not_opened_and_costs_no_more_than_the_limit()
    {
        await using var rig = new LoopRig();
        using var listener = new RawListener();
        var opening = OpenAsync(rig, listener);
        using var peer = await listener.AcceptAsync().Soon();
        Assert.NotNull((await peer.ReadAsync().Soon())?.Hello);
        byte[] bomb = [.. RawHttp2Peer.ResponseHeaders(encoding: "gzip"), .. RawHttp2Peer.Message(Bomb, compressed: true)];
        var before = GC.GetTotalAllocatedBytes();

        await peer.SendAsync(bomb);

        var thrown = await Assert.ThrowsAsync<Grpc.Core.RpcException>(() => opening.Soon());
        Assert.Contains("exceeds the maximum configured message size", thrown.Status.Detail, StringComparison.Ordinal);
        Assert.InRange(GC.GetTotalAllocatedBytes() - before, 0, 16 * LimitMiB * 1024 * 1024);
    }

    private static Task<SessionConnection> OpenAsync(LoopRig rig, RawListener listener) => SessionConnection.OpenAsync(
        listener.Worker(),
        "",
        "test",
        resumes: 0, supervised: false,
        rig.Loop,
        new TransportOptions { Random = new Random(1), Time = rig.Time, MaxMessageBytes = LimitMiB * 1024 * 1024 },
        TestContext.Current.CancellationToken);

    private static byte[] Zeros(int megabytes)
    {
        using var small = new MemoryStream();
        using (var gzip = new GZipStream(small, CompressionLevel.Optimal, leaveOpen: true))
        {
            var zeros = new byte[1024 * 1024];
            for (var i = 0; i < megabytes; i++)
            {
                gzip.Write(zeros);
            }
        }

        Assert.True(small.Length < LimitMiB * 1024 * 1024, $"it is {small.Length} bytes on the wire");
        return small.ToArray();
    }
}
