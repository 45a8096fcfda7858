using Grpc.Core;
using WorkerHost.Sidecar.Configuration;
using WorkerHost.Tests;
using WorkerHost.Tests.Protos;
using WorkerHost.V1;

namespace WorkerHost.Sidecar.Tests.Gateway;

/// <summary>The users' own services through the host, for whoever has their generated client and nothing else.</summary>
public sealed class ForeignMethodTests(BothHosts hosts) : IClassFixture<BothHosts>
{
    public static TheoryData<string> Calls => [.. SameAnswers.Cases.Keys];

    public static TheoryData<string> Streams => [.. SameStreams.Cases.Keys];

    [Theory]
    [MemberData(nameof(Calls))]
    public async Task A_caller_sees_the_same_of_a_call_through_a_host_as_anywhere(string name)
    {
        var call = SameAnswers.Cases[name];

        Assert.Equal(await call(hosts.OfChannel), await call(hosts.OfHost));
    }

    [Theory]
    [MemberData(nameof(Streams))]
    public async Task A_caller_sees_the_same_of_a_streaming_call_through_a_host_as_anywhere(string name)
    {
        var call = SameStreams.Cases[name];

        Assert.Equal(await call(new Probe.ProbeClient(hosts.OfChannel)), await call(new Probe.ProbeClient(hosts.OfHost)).WaitAsync(TestPool.Patience));
    }

    [Fact]
    public async Task A_call_that_is_cancelled_while_it_runs_is_cancelled_in_its_worker()
    {
        var (arrived, told) = (TestPool.NewPath(), TestPool.NewPath());
        using var caller = new CancellationTokenSource();
        using var call = SameAnswers.Client(hosts.OfHost).ActAsync(new Script { Arrived = arrived, WaitUntilCancelled = told }, cancellationToken: caller.Token);
        await Eventually.IsTrue(() => File.Exists(arrived));
        await caller.CancelAsync();

        Assert.Equal(StatusCode.Cancelled, (await Assert.ThrowsAsync<RpcException>(() => call.ResponseAsync)).StatusCode);
        await Eventually.IsTrue(() => File.Exists(told));
    }

    [Fact]
    public async Task A_streaming_call_whose_reader_has_left_is_cancelled_in_its_worker()
    {
        var told = TestPool.NewPath();
        using (var call = SameAnswers.Client(hosts.OfHost).Count(new Script { Count = 1, WaitUntilCancelled = told }))
        {
            Assert.True(await call.ResponseStream.MoveNext().WaitAsync(TestPool.Patience));
        }

        await Eventually.IsTrue(() => File.Exists(told));
    }

    [Fact]
    public async Task A_call_whose_worker_dies_is_made_again_only_if_it_may_be()
    {
        var here = TestPool.NewPath();
        using var once = SameAnswers.Client(hosts.OfHost).ActAsync(new Script { Arrived = here, Deaf = true });
        await KillAtAsync(here);
        var lost = await Assert.ThrowsAsync<RpcException>(() => once.ResponseAsync.WaitAsync(TestPool.Patience));
        Assert.Equal(StatusCode.Aborted, lost.StatusCode);
        var failure = Google.Rpc.Status.Parser.ParseFrom(lost.Trailers.GetValueBytes("grpc-status-details-bin")).Details[0].Unpack<V1.TaskFailure>();
        Assert.Equal("SIGKILL", Assert.Single(failure.Deaths).Signal);

        // The one that is deaf the first time answers the second.
        var there = TestPool.NewPath();
        using var again = SameAnswers.Client(hosts.OfHost).ActAsync(new Script { Arrived = there, Deaf = true }, new Metadata { { "workerhost-idempotent", "true" } });
        await KillAtAsync(there);
        Assert.Equal("/workerhost.tests.Probe/Act", (await again.ResponseAsync.WaitAsync(TestPool.Patience)).Method);
    }

    [Fact]
    public async Task What_a_caller_says_to_the_host_is_not_told_to_the_method()
    {
        var seen = await SameAnswers.Client(hosts.OfHost).ActAsync(
            new Script(),
            new Metadata { { "workerhost-pool", "images" }, { "workerhost-priority", "1" }, { "workerhost-affinity-key", "k" }, { "workerhost-max-attempts", "2" }, { "workerhost-id", "mine" }, { "x-mine", "yes" } });

        Assert.Equal(["x-mine"], seen.Headers.Select(static h => h.Name).Where(static n => n.StartsWith("workerhost", StringComparison.Ordinal) || n.StartsWith("x-", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("workerhost-idempotent", "yes", "workerhost-idempotent is 'yes'; allowed: true, false")]
    [InlineData("workerhost-priority", "3", "workerhost-priority is '3'; allowed: -2 to 2")]
    [InlineData("workerhost-max-attempts", "0", "workerhost-max-attempts is '0'; allowed: 1 to 1000")]
    public async Task A_word_with_a_value_that_it_cannot_have_is_refused_with_those_it_can(string name, string value, string message)
    {
        var e = await Assert.ThrowsAsync<RpcException>(() => SameAnswers.Client(hosts.OfHost).EchoAsync(new Note(), new Metadata { { name, value } }).ResponseAsync);

        Assert.Equal((StatusCode.InvalidArgument, message), (e.StatusCode, e.Status.Detail));
    }

    [Fact]
    public async Task A_pool_that_is_not_there_is_told_with_those_that_are()
    {
        var e = await Assert.ThrowsAsync<RpcException>(() => SameAnswers.Client(hosts.OfHost).EchoAsync(new Note(), new Metadata { { "workerhost-pool", "audio" } }).ResponseAsync);

        Assert.Equal((StatusCode.NotFound, "there is no pool \"audio\" here; the pools are images"), (e.StatusCode, e.Status.Detail));
    }

    [Fact]
    public async Task Among_several_pools_a_method_finds_the_one_that_has_it_or_is_told_what_to_say()
    {
        await using var host = await HostUnderTest.StartAsync(
            new DataSettings(),
            await HostUnderTest.InProcess("one", static worker => worker.MapGrpcService<ProbeService>()),
            await HostUnderTest.InProcess("two", static worker => worker.MapTask("which", static () => "two")),
            await HostUnderTest.InProcess("three", static worker => worker.MapTask("which", static () => "three")));
        var channel = host.OverSocket();
        var probe = new Probe.ProbeClient(channel);

        Assert.Equal("hello", (await probe.EchoAsync(new Note { Text = "hello" })).Text);
        var nowhere = await Assert.ThrowsAsync<RpcException>(() => new Nowhere.NowhereClient(channel).EchoAsync(new Note()).ResponseAsync);
        Assert.Equal(StatusCode.Unimplemented, nowhere.StatusCode);
        Assert.StartsWith("none of the pools one, three, two has /workerhost.tests.Nowhere/Echo; there are /workerhost.tests.Probe/", nowhere.Status.Detail, StringComparison.Ordinal);

        var endpoint = new TaskEndpoint.TaskEndpointClient(channel);
        var ambiguous = await Assert.ThrowsAsync<RpcException>(() => endpoint.RunAsync(HostUnderTest.Request("which", "[]")).ResponseAsync);
        Assert.Equal(StatusCode.InvalidArgument, ambiguous.StatusCode);
        Assert.Contains("name one of one, three, two", ambiguous.Status.Detail, StringComparison.Ordinal);
        Assert.Equal("\"three\"", (await endpoint.RunAsync(HostUnderTest.Request("which", "[]"), new Metadata { { "workerhost-pool", "three" } })).Result.Data.ToStringUtf8());
        Assert.Equal("two", (await endpoint.DescribeAsync(new DescribeRequest(), new Metadata { { "workerhost-pool", "two" } })).Pool);

        host.Pools.Replace([.. host.Pools.All, await HostUnderTest.InProcess("four", static worker => worker.MapGrpcService<ProbeService>())]);
        var both = await Assert.ThrowsAsync<RpcException>(() => probe.EchoAsync(new Note()).ResponseAsync);
        Assert.Equal(
            (StatusCode.InvalidArgument, "several pools have /workerhost.tests.Probe/Echo: four, one; say which one is meant in the metadata workerhost-pool"),
            (both.StatusCode, both.Status.Detail));
        Assert.Equal("at four", (await probe.EchoAsync(new Note { Text = "at four" }, new Metadata { { "workerhost-pool", "four" } })).Text);
    }

    private static async Task KillAtAsync(string arrived)
    {
        await Eventually.IsTrue(() => File.Exists(arrived) && new FileInfo(arrived).Length > 0);
        using var process = System.Diagnostics.Process.GetProcessById(int.Parse(await File.ReadAllTextAsync(arrived), System.Globalization.CultureInfo.InvariantCulture));
        process.Kill();
    }
}
