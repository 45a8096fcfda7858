using Google.Protobuf;
using Grpc.Core;
using WorkerHost.Client;

namespace WorkerHost.Tests;

/// <summary>One worker with several clients, and one that lies about its own end: what is known of whose task.</summary>
public sealed class SharedWorkerTests
{
    private static readonly TaskOptions Again = new() { Idempotent = true, Attempts = 100 };

    [Fact]
    [Trait("Scenario", "13")]
    public async Task Of_two_sessions_and_a_unary_call_on_a_worker_that_is_killed_each_hears_of_its_own_task()
    {
        await using var owner = await TestPool.StartAsync(TestPool.Options() with { Concurrency = 3 });
        var worker = owner.Workers[0];
        await using var stranger = await WorkerPool.ConnectAsync(worker.Address!.ToString());
        using var unary = await Unary.ConnectAsync(owner);
        var (here, there) = (Enumerable.Range(0, 3).Select(_ => TestPool.NewPath()).ToList(), TestPool.NewPath());

        var ours = owner.Submit<int>("meet", [here[0], there]);
        var theirs = stranger.Submit<int>("meet", [here[1], there]);
        var called = unary.RunAsync("meet", $"[\"{here[2]}\",\"{there}\"]");
        await TestPool.Until(() => here.TrueForAll(File.Exists), "all three run");
        TestPool.Kill(worker.Pid);

        var failure = (await TestPool.FailureOf(ours))!.Failure;
        Assert.Equal((TaskFailureKind.WorkerLost, StartVerdict.Running, "SIGKILL"), (failure.Kind, failure.Verdict, failure.Deaths[^1].Signal));
        Assert.Equal([ours.Id], failure.Deaths[^1].RunningTasks);
        Assert.Equal((TaskFailureKind.WorkerLost, StartVerdict.Unknown), await TestPool.FailureOf(theirs) is { } f ? (f.Kind, f.Failure.Verdict) : default);
        await Assert.ThrowsAsync<RpcException>(() => called.WaitAsync(TestPool.Patience));
        here.ForEach(File.Delete);
    }

    [Fact]
    [Trait("Scenario", "16")]
    public async Task A_unary_call_of_a_stranger_that_crashes_the_worker_convicts_none_of_the_pools_tasks()
    {
        await using var owner = await TestPool.StartAsync(TestPool.Options() with { Concurrency = 2, QuarantineAfter = 1 });
        using var unary = await Unary.ConnectAsync(owner);
        var (here, there) = (TestPool.NewPath(), TestPool.NewPath());
        var ours = owner.Submit<int>("meet", [here, there], Again);
        await TestPool.Until(() => File.Exists(here), "it runs");

        await Assert.ThrowsAsync<RpcException>(() => unary.RunAsync("die_in_handler", "[\"segv\"]").WaitAsync(TestPool.Patience));
        await File.WriteAllTextAsync(there, "", TestContext.Current.CancellationToken);

        var pid = await ours.Task.WaitAsync(TestPool.Patience);
        Assert.Equal(pid, ours.Attempts[^1].Pid);
        Assert.Equal([AttemptEnd.Lost, AttemptEnd.Succeeded], ours.Attempts.Select(a => a.End));
        Assert.Empty(owner.Quarantined);
        File.Delete(here);
        File.Delete(there);
    }

    [Theory]
    [InlineData("zeros", Traits = ["Category", "Slow"])]
    [InlineData("noise")]
    [InlineData("full", Traits = ["Category", "Slow"])]
    [InlineData("gone")]
    public async Task A_worker_that_spoils_its_ledger_is_believed_nothing_and_harms_nobody(string how)
    {
        await using var pool = await TestPool.StartAsync();
        var lost = pool.Submit("spoil_ledger_and_die", [how]);

        var failure = (await TestPool.FailureOf(lost))!.Failure;

        Assert.Equal(TaskFailureKind.WorkerLost, failure.Kind);
        Assert.NotEqual(StartVerdict.NeverStarted, failure.Verdict);
        Assert.Equal("SIGSEGV", failure.Deaths[^1].Signal);
        Assert.Equal(3, await pool.Submit<int>("add", [1, 2]).Task.WaitAsync(TestPool.Patience));
        Assert.Equal(TaskFailureKind.Quarantined, (await TestPool.FailureOf(pool.Submit("spoil_ledger_and_die", [how], Again)))?.Kind);
    }

    private sealed class Unary(EndpointChannel channel) : IDisposable
    {
        private readonly V1.TaskEndpoint.TaskEndpointClient client = new(channel.Invoker);

        public static async Task<Unary> ConnectAsync(WorkerPool pool)
        {
            var worker = (await pool.Source.Subscribe().ReadAsync(TestContext.Current.CancellationToken)).Ready[0];
            return new Unary(new EndpointChannel(worker, ProtocolLimits.DefaultMaxMessageBytes, drainSafe: false));
        }

        public async Task<string> RunAsync(string task, string arguments)
        {
            var request = new V1.RunRequest { Task = task, Payload = new V1.Payload { Data = ByteString.CopyFromUtf8(arguments) } };
            var response = await client.RunAsync(request, cancellationToken: TestContext.Current.CancellationToken);
            return response.Result.Data.ToStringUtf8();
        }

        public void Dispose() => channel.Dispose();
    }
}
