using System.Net.Http.Headers;
using Grpc.Core;
using WorkerHost.Tests.Protos;

namespace WorkerHost.Sidecar.Tests.Gateway;

/// <summary>Who floods a host by HTTP, or with his own methods over one connection, waits behind himself.</summary>
[Trait("Scenario", "52")]
public sealed class FloodTests(HttpHost http) : IClassFixture<HttpHost>, IDisposable
{
    private const int Flood = 150;

    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("workerhost-");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("HTTP")]
    [InlineData("method")]
    [InlineData("stream")]
    public async Task Another_caller_has_his_turn_before_most_of_it(string way)
    {
        await using var busy = await ConnectAsync();
        await using var other = await ConnectAsync();
        var workers = http.Host.Pools.Find("images").Pool;
        var (release, channel) = (Trace("release"), http.Host.OverSocket());
        var running = Enumerable.Range(0, 2).Select(i => busy.Submit<int>("meet_deaf", [Trace($"running-{i}"), release])).ToList();
        await Eventually.IsTrue(() => File.Exists(Trace("running-0")) && File.Exists(Trace("running-1")), "both workers are at work");
        var flood = Enumerable.Range(0, Flood).Select(i => OneOfManyAsync(Trace($"flood-{i}"))).ToList();
        await Eventually.IsTrue(() => workers.UnsettledTasks == Flood + 2, "all of the flood has come");
        var last = other.Submit("touch", [Trace("last")]);
        await Eventually.IsTrue(() => workers.UnsettledTasks == Flood + 3, "and he who came last");

        await File.WriteAllTextAsync(release, "", Token);
        await Task.WhenAll([.. flood, last.Completion, .. running.Select(static r => r.Completion)]).WaitAsync(Eventually.Patience, Token);

        var turn = File.GetLastWriteTimeUtc(Trace("last"));
        Assert.InRange(directory.EnumerateFiles("flood-*").Count(file => file.LastWriteTimeUtc < turn), 0, Flood / 3);

        async Task OneOfManyAsync(string path)
        {
            var metadata = new Metadata { { "workerhost-pool", "images" } };
            switch (way)
            {
                case "method":
                    await new Probe.ProbeClient(channel).ActAsync(new Script { Arrived = path }, metadata, cancellationToken: Token);
                    break;

                case "stream":
                    using (var call = new Probe.ProbeClient(channel).Count(new Script { Arrived = path }, metadata, cancellationToken: Token))
                    {
                        Assert.False(await call.ResponseStream.MoveNext(Token));
                    }

                    break;

                default:
                    using (var body = new StringContent($"[\"{path}\"]") { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } })
                    using (var response = await http.Client.PostAsync(new Uri("/v1/tasks/touch?pool=images", UriKind.Relative), body, Token))
                    {
                        Assert.True(response.IsSuccessStatusCode);
                    }

                    break;
            }
        }
    }

    private Task<WorkerPool> ConnectAsync() => WorkerPool.ConnectAsync(
        new EndpointAddress($"unix://{http.Host.SocketPath}") { Pool = "images" }, new WorkerPoolOptions { Name = "client" }, Token);

    [Fact]
    public async Task Streams_of_one_key_prefer_one_worker()
    {
        var probe = new Probe.ProbeClient(http.Host.OverSocket());
        var pids = new HashSet<string>();
        for (var i = 0; i < 12; i++)
        {
            using var call = probe.Count(
                new Script { Count = 1 }, new Metadata { { "workerhost-pool", "images" }, { "workerhost-affinity-key", "model-7" } }, cancellationToken: Token);
            while (await call.ResponseStream.MoveNext(Token))
            {
                pids.Add(call.ResponseStream.Current.Text);
            }

            await Eventually.IsTrue(() => http.Host.Pools.Find("images").Pool.UnsettledTasks == 0, "its lane is free again");
        }

        Assert.Single(pids);
        using var refused = probe.Count(
            new Script(), new Metadata { { "workerhost-pool", "images" }, { "workerhost-affinity-key", new string('k', 1025) } }, cancellationToken: Token);
        var error = await Assert.ThrowsAsync<RpcException>(() => refused.ResponseStream.MoveNext(Token));
        Assert.Equal((StatusCode.InvalidArgument, "workerhost-affinity-key has 1025 characters; the limit is 1024"), (error.StatusCode, error.Status.Detail));
    }

    public void Dispose() => directory.Delete(recursive: true);

    private string Trace(string name) => Path.Combine(directory.FullName, name);
}
