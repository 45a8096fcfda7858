using System.Globalization;
using Grpc.Core;
using WorkerHost.Tests.Protos;

namespace WorkerHost.Tests;

/// <summary>Streaming methods: they go straight to one worker and hold a lane there.</summary>
public sealed class StreamedCallTests(BothHosts hosts) : IClassFixture<BothHosts>
{
    public static TheoryData<string> Names => [.. SameStreams.Cases.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_caller_sees_the_same_of_a_streaming_call_through_a_pool_as_through_a_channel_and_at_the_port_of_a_worker(string name)
    {
        var call = SameStreams.Cases[name];
        var expected = await call(new Probe.ProbeClient(hosts.OfChannel)).WaitAsync(TestPool.Patience);

        Assert.Equal(expected, await call(new Probe.ProbeClient(hosts.OfPool)).WaitAsync(TestPool.Patience));
        Assert.Equal(expected, await call(new Probe.ProbeClient(hosts.OfWorkersPort)).WaitAsync(TestPool.Patience));
    }

    [Fact]
    public async Task A_streaming_call_holds_a_lane_until_its_method_has_returned()
    {
        await using var pool = await TestPool.StartAsync();
        var (arrived, go) = (TestPool.NewPath(), TestPool.NewPath());
        using var call = SameAnswers.Client(pool.CreateCallInvoker()).Count(new Script { Count = 2, Arrived = arrived, WaitFor = go });
        await TestPool.Until(() => File.Exists(arrived));

        var task = pool.Submit<int>("add", [1, 2]);
        Assert.Equal(2, pool.UnsettledTasks);
        Assert.False(task.IsDone);
        await File.WriteAllTextAsync(go, "", TestContext.Current.CancellationToken);

        Assert.Equal(3, await task.Task.WaitAsync(TestPool.Patience));
        Assert.Equal([0L, 1L], (await Notes(call)).Select(static n => n.Number));
        await TestPool.Until(() => pool.UnsettledTasks == 0);
    }

    [Fact]
    public async Task A_death_in_the_middle_gives_what_came_and_then_aborted_with_the_death()
    {
        await using var pool = await TestPool.StartAsync(TestPool.Options(workers: 2));
        var arrived = TestPool.NewPath();
        using var call = SameAnswers.Client(pool.CreateCallInvoker(new TaskOptions { Idempotent = true })).Count(new Script { Count = 3, Arrived = arrived, Deaf = true });
        for (var i = 0; i < 3; i++)
        {
            Assert.True(await call.ResponseStream.MoveNext().WaitAsync(TestPool.Patience));
        }

        await TestPool.Until(() => File.Exists(arrived));
        var pid = int.Parse(call.ResponseStream.Current.Text, CultureInfo.InvariantCulture);
        TestPool.Kill(pid);
        var e = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext().WaitAsync(TestPool.Patience));

        Assert.Equal(StatusCode.Aborted, e.StatusCode);
        var failure = Assert.IsType<TaskException>(e.InnerException).Failure;
        Assert.Equal((TaskFailureKind.WorkerLost, StartVerdict.Running), (failure.Kind, failure.Verdict));
        var death = Assert.Single(failure.Deaths);
        Assert.Equal((pid, "SIGKILL"), (death.Pid, death.Signal));
        Assert.Single(death.RunningTasks);
        Assert.Equal(StatusCode.Aborted, call.GetStatus().StatusCode);
        Assert.NotNull(call.GetTrailers().GetValueBytes("grpc-status-details-bin"));
        Assert.Equal(3, await pool.Submit<int>("add", [1, 2]).Task.WaitAsync(TestPool.Patience));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_streaming_call_that_is_cancelled_or_disposed_of_ends_and_its_method_is_told_and_its_lane_is_free(bool dispose)
    {
        await using var pool = await TestPool.StartAsync();
        var (arrived, told) = (TestPool.NewPath(), TestPool.NewPath());
        using var caller = new CancellationTokenSource();
        using var call = SameAnswers.Client(pool.CreateCallInvoker()).Count(new Script { Count = 1, Arrived = arrived, WaitUntilCancelled = told }, cancellationToken: caller.Token);
        await TestPool.Until(() => File.Exists(arrived));
        if (dispose)
        {
            call.Dispose();
        }
        else
        {
            await caller.CancelAsync();
        }

        var e = await Assert.ThrowsAsync<RpcException>(() => Notes(call));

        Assert.Equal(StatusCode.Cancelled, e.StatusCode);
        await TestPool.Until(() => File.Exists(told));
        Assert.Equal(3, await pool.Submit<int>("add", [1, 2]).Task.WaitAsync(TestPool.Patience));
        await TestPool.Until(() => pool.UnsettledTasks == 0);
    }

    [Fact]
    public async Task A_streaming_method_that_is_deaf_to_its_cancellation_loses_its_process()
    {
        await using var pool = await TestPool.StartAsync(TestPool.Options() with { CancelGrace = TimeSpan.FromMilliseconds(50), TerminateGrace = TimeSpan.FromMilliseconds(50) });
        var arrived = TestPool.NewPath();
        var pid = pool.Workers[0].Pid;
        using var call = SameAnswers.Client(pool.CreateCallInvoker()).Count(new Script { Arrived = arrived, Deaf = true });
        await TestPool.Until(() => File.Exists(arrived));
        call.Dispose();

        await TestPool.Until(() => !TestPool.IsAlive(pid));
        await TestPool.Until(() => pool.UnsettledTasks == 0);
        Assert.Equal(3, await pool.Submit<int>("add", [1, 2]).Task.WaitAsync(TestPool.Patience));
    }

    [Fact]
    public async Task A_streaming_call_whose_deadline_passes_ends_so_and_its_method_is_told()
    {
        var told = TestPool.NewPath();
        using var call = SameAnswers.Client(hosts.OfPool).Count(new Script { WaitUntilCancelled = told }, deadline: DateTime.UtcNow.AddMilliseconds(300));

        var e = await Assert.ThrowsAsync<RpcException>(() => Notes(call));

        Assert.Equal(StatusCode.DeadlineExceeded, e.StatusCode);
        await TestPool.Until(() => File.Exists(told));
        await TestPool.Until(() => hosts.Pool.UnsettledTasks == 0);
    }

    [Fact]
    public async Task A_streaming_call_that_nobody_reads_and_nobody_has_mapped_gives_its_lane_back()
    {
        await using var pool = await TestPool.StartAsync();
        var nobodys = new Method<Note, Note>(MethodType.ServerStreaming, "nobody.Service", "Stream", Marshallers.Create(static n => Google.Protobuf.MessageExtensions.ToByteArray(n), Note.Parser.ParseFrom), Marshallers.Create(static n => Google.Protobuf.MessageExtensions.ToByteArray(n), Note.Parser.ParseFrom));

        using var call = pool.CreateCallInvoker().AsyncServerStreamingCall(nobodys, null, default, new Note());

        await TestPool.Until(() => pool.UnsettledTasks == 0, "the call is settled");
        Assert.Equal(3, await pool.Submit<int>("add", [1, 2]).Task.WaitAsync(TestPool.Patience));
        Assert.Equal(StatusCode.Unimplemented, (await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext())).StatusCode);
    }

    [Fact]
    public async Task A_streaming_call_that_waits_for_a_lane_can_be_cancelled_and_never_starts()
    {
        await using var pool = await TestPool.StartAsync();
        var (arrived, go, never) = (TestPool.NewPath(), TestPool.NewPath(), TestPool.NewPath());
        var client = SameAnswers.Client(pool.CreateCallInvoker());
        using var first = client.Count(new Script { Count = 1, Arrived = arrived, WaitFor = go });
        await TestPool.Until(() => File.Exists(arrived));
        using var second = client.Count(new Script { Count = 1, Arrived = never });
        second.Dispose();

        Assert.Equal(StatusCode.Cancelled, (await Assert.ThrowsAsync<RpcException>(() => Notes(second))).StatusCode);
        await File.WriteAllTextAsync(go, "", TestContext.Current.CancellationToken);
        Assert.Single(await Notes(first));
        await TestPool.Until(() => pool.UnsettledTasks == 0);
        Assert.False(File.Exists(never));
    }

    [Fact]
    public async Task A_pool_that_stops_lets_a_streaming_call_come_to_its_end()
    {
        var pool = await TestPool.StartAsync();
        var (arrived, go) = (TestPool.NewPath(), TestPool.NewPath());
        using var call = SameAnswers.Client(pool.CreateCallInvoker()).Count(new Script { Count = 2, Arrived = arrived, WaitFor = go });
        await TestPool.Until(() => File.Exists(arrived));
        var stop = pool.StopAsync();
        Assert.False(stop.IsCompleted);
        await File.WriteAllTextAsync(go, "", TestContext.Current.CancellationToken);

        Assert.Equal(2, (await Notes(call)).Count);
        await stop.WaitAsync(TestPool.Patience);
    }

    [Fact]
    public async Task A_worker_that_is_replaced_lets_its_streaming_call_come_to_its_end()
    {
        await using var pool = await TestPool.StartAsync();
        var (arrived, go) = (TestPool.NewPath(), TestPool.NewPath());
        using var call = SameAnswers.Client(pool.CreateCallInvoker()).Count(new Script { Count = 2, Arrived = arrived, WaitFor = go });
        await TestPool.Until(() => File.Exists(arrived));
        var restart = pool.Supervisor.RestartAsync(cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(3, await pool.Submit<int>("add", [1, 2]).Task.WaitAsync(TestPool.Patience));
        await File.WriteAllTextAsync(go, "", TestContext.Current.CancellationToken);

        Assert.Equal(2, (await Notes(call)).Count);
        await restart.WaitAsync(TestPool.Patience);
    }

    [Fact]
    public async Task Endpoints_that_take_no_streaming_calls_are_known_as_such()
    {
        await using var endpoint = await RunOnlyEndpoint.StartAsync();
        await using var pool = await WorkerPool.ConnectAsync(endpoint.Address, cancellationToken: TestContext.Current.CancellationToken);

        var e = await Assert.ThrowsAsync<RpcException>(() => Notes(SameAnswers.Client(pool.CreateCallInvoker()).Count(new Script())));

        Assert.Equal(StatusCode.Unimplemented, e.StatusCode);
        Assert.Contains("no endpoint of the pool takes streaming calls", e.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_streaming_method_is_no_task_by_name()
    {
        var failure = await TestPool.FailureOf(hosts.Pool.SubmitMessage<Note>("/workerhost.tests.Probe/Count", new Script()));

        Assert.Equal(TaskFailureKind.BadInput, failure?.Kind);
        Assert.Contains("CreateCallInvoker", failure!.Message, StringComparison.Ordinal);
    }

    private static async Task<List<Note>> Notes(AsyncServerStreamingCall<Note> call)
    {
        var notes = new List<Note>();
        while (await call.ResponseStream.MoveNext(TestContext.Current.CancellationToken).WaitAsync(TestPool.Patience))
        {
            notes.Add(call.ResponseStream.Current);
        }

        return notes;
    }
}
