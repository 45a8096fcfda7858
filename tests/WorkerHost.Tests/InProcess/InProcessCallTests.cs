using WorkerHost.Tests.Protos;

namespace WorkerHost.Tests;

/// <summary>The client that Grpc.Tools generates, over a pool of processes and over threads of this one.</summary>
public sealed class InProcessCallTests(BothHosts hosts) : IClassFixture<BothHosts>
{
    public static TheoryData<string> Names => CallTests.Names;

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_caller_sees_the_same_of_a_call_whether_its_method_runs_in_a_process_or_on_a_thread(string name)
    {
        await using var pool = await WorkerPool.StartInProcessAsync(
            static worker => worker.MapGrpcService<ProbeService>(new Doorkeeper()),
            new InProcessPoolOptions { Name = "tests", MaxMessageBytes = BothHosts.MaxMessageBytes },
            TestContext.Current.CancellationToken);
        var call = SameAnswers.Cases[name];

        Assert.Equal(await call(hosts.OfPool), await call(pool.CreateCallInvoker()));
    }
}
