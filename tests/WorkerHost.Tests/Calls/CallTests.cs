using Grpc.Core;
using WorkerHost.Tests.Protos;

namespace WorkerHost.Tests;

/// <summary>The client that Grpc.Tools generates, over a pool and over a channel.</summary>
public sealed class CallTests(BothHosts hosts) : IClassFixture<BothHosts>
{
    public static TheoryData<string> Names => [.. SameAnswers.Cases.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_caller_sees_the_same_of_a_call_through_a_pool_as_through_a_channel(string name)
    {
        var call = SameAnswers.Cases[name];

        Assert.Equal(await call(hosts.OfChannel), await call(hosts.OfPool));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_caller_sees_the_same_of_a_call_at_the_port_of_a_worker_as_anywhere(string name)
    {
        var call = SameAnswers.Cases[name];

        Assert.Equal(await call(hosts.OfChannel), await call(hosts.OfWorkersPort));
    }

    [Fact]
    public void At_least_twenty_cases_are_compared() => Assert.InRange(SameAnswers.Cases.Count, 20, 1000);

    [Fact]
    public Task A_call_that_is_cancelled_while_it_runs_ends_as_cancelled_and_its_method_is_told() => OnBothAsync(async invoker =>
    {
        var (arrived, told) = (TestPool.NewPath(), TestPool.NewPath());
        using var caller = new CancellationTokenSource();
        using var call = SameAnswers.Client(invoker).ActAsync(new Script { Arrived = arrived, WaitUntilCancelled = told }, cancellationToken: caller.Token);
        await TestPool.Until(() => File.Exists(arrived));
        await caller.CancelAsync();
        var seen = await SameAnswers.Told(call);
        await TestPool.Until(() => File.Exists(told));
        return seen;
    });

    [Fact]
    public Task A_call_that_is_disposed_of_while_it_runs_ends_as_cancelled_and_its_method_is_told() => OnBothAsync(async invoker =>
    {
        var (arrived, told) = (TestPool.NewPath(), TestPool.NewPath());
        var call = SameAnswers.Client(invoker).ActAsync(new Script { Arrived = arrived, WaitUntilCancelled = told });
        await TestPool.Until(() => File.Exists(arrived));
        call.Dispose();
        var seen = await SameAnswers.Told(call);
        await TestPool.Until(() => File.Exists(told));
        return seen;
    });

    [Fact]
    public Task A_call_whose_deadline_passes_while_it_runs_ends_so_and_its_method_is_told() => OnBothAsync(async invoker =>
    {
        var told = TestPool.NewPath();
        using var call = SameAnswers.Client(invoker).ActAsync(new Script { WaitUntilCancelled = told }, deadline: DateTime.UtcNow.AddMilliseconds(300));
        var seen = await SameAnswers.Told(call, withDetail: false);
        await TestPool.Until(() => File.Exists(told));
        return seen;
    });

    [Fact]
    public async Task What_went_wrong_with_a_call_in_the_pool_is_in_its_exception_and_in_its_details()
    {
        var e = await Assert.ThrowsAsync<RpcException>(() => SameAnswers.Client(hosts.OfPool).ActAsync(new Script { Throw = "a defect" }).ResponseAsync);

        Assert.Equal(StatusCode.Unknown, e.StatusCode);
        Assert.Contains("a defect", e.Status.Detail, StringComparison.Ordinal);
        var inner = Assert.IsType<TaskException>(e.InnerException);
        Assert.Equal("System.InvalidOperationException", inner.Failure.Error?.Type);
        Assert.Contains(nameof(ProbeService), inner.Failure.Error!.StackTrace, StringComparison.Ordinal);
        var details = Google.Rpc.Status.Parser.ParseFrom(e.Trailers.GetValueBytes("grpc-status-details-bin"));
        Assert.Equal("a defect", details.Details[0].Unpack<V1.TaskFailure>().Error.Message);
    }

    [Fact]
    public async Task A_method_is_a_task_and_its_name_is_the_method()
    {
        var note = await hosts.Pool.SubmitMessage<Note>("/workerhost.tests.Probe/Echo", new Note { Text = "by name" });
        Assert.Equal("by name", note.Text);

        var failure = await TestPool.FailureOf(hosts.Pool.SubmitMessage<Seen>("/workerhost.tests.Probe/Act", new Script { Status = 5, Detail = "not here" }));
        Assert.Equal(TaskFailureKind.TaskFailed, failure?.Kind);
        Assert.Equal("Grpc.Core.RpcException", failure?.Failure.Error?.Type);
        Assert.Contains("not here", failure!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_method_that_nobody_has_mapped_is_told_with_what_to_do_about_it()
    {
        var e = await Assert.ThrowsAsync<RpcException>(() => new Nowhere.NowhereClient(hosts.OfPool).EchoAsync(new Note()).ResponseAsync);

        Assert.Equal(StatusCode.Unimplemented, e.StatusCode);
        Assert.Contains("worker.MapGrpcService<…>() of the class that implements workerhost.tests.Nowhere; it knows", e.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Several_values_of_one_name_arrive_as_several_and_binary_ones_as_bytes()
    {
        var seen = await SameAnswers.Client(hosts.OfPool).ActAsync(
            new Script(), [new Metadata.Entry("x-one", "first"), new Metadata.Entry("x-one", "second"), new Metadata.Entry("x-blob-bin", [0, 255]), new Metadata.Entry("x-blob-bin", [1])]);

        Assert.Equal(["first", "second"], seen.Headers.Where(static h => h.Name == "x-one").Select(static h => h.Text));
        Assert.Equal(["00FF", "01"], seen.Headers.Where(static h => h.Name == "x-blob-bin").Select(static h => Convert.ToHexString(h.Binary.Span)));
    }

    [Fact]
    public async Task Options_of_an_invoker_hold_for_all_of_its_calls()
    {
        var invoker = hosts.Pool.CreateCallInvoker(new TaskOptions { TimeLimit = TimeSpan.FromHours(2), Headers = new Dictionary<string, string> { ["x-every"] = "call" } });

        var seen = await SameAnswers.Client(invoker).ActAsync(new Script(), [new Metadata.Entry("x-one", "this")]);

        Assert.Equal(["call"], seen.Headers.Where(static h => h.Name == "x-every").Select(static h => h.Text));
        Assert.Equal(["this"], seen.Headers.Where(static h => h.Name == "x-one").Select(static h => h.Text));
        Assert.InRange(new DateTime(seen.DeadlineTicks, DateTimeKind.Utc), DateTime.UtcNow.AddMinutes(110), DateTime.UtcNow.AddMinutes(130));
        Assert.Throws<ArgumentException>(() => hosts.Pool.CreateCallInvoker(new TaskOptions { Id = "one" }));
    }

    private async Task OnBothAsync(Func<CallInvoker, Task<string>> call) => Assert.Equal(await call(hosts.OfChannel), await call(hosts.OfPool));
}
