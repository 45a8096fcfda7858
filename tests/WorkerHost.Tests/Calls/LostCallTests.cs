using System.Globalization;
using Grpc.Core;
using WorkerHost.Tests.Protos;

namespace WorkerHost.Tests;

/// <summary>Calls whose worker is killed.</summary>
public sealed class LostCallTests
{
    [Fact]
    public async Task An_idempotent_call_is_tried_again_when_its_worker_is_killed()
    {
        await using var pool = await TestPool.StartAsync(TestPool.Options(workers: 2));
        var arrived = TestPool.NewPath();
        var call = SameAnswers.Client(pool.CreateCallInvoker(new TaskOptions { Idempotent = true })).ActAsync(new Script { Arrived = arrived, Deaf = true });
        var first = await PidIn(arrived);
        TestPool.Kill(first);

        var seen = await call.ResponseAsync.WaitAsync(TestPool.Patience);

        Assert.NotEqual(first, seen.Pid);
        Assert.Equal(StatusCode.OK, call.GetStatus().StatusCode);
    }

    [Fact]
    public async Task A_call_that_is_not_idempotent_is_aborted_with_the_death_of_its_worker_in_the_details()
    {
        await using var pool = await TestPool.StartAsync(TestPool.Options(workers: 2));
        var arrived = TestPool.NewPath();
        var call = SameAnswers.Client(pool.CreateCallInvoker()).ActAsync(new Script { Arrived = arrived, Deaf = true });
        var pid = await PidIn(arrived);
        TestPool.Kill(pid);

        var e = await Assert.ThrowsAsync<RpcException>(() => call.ResponseAsync.WaitAsync(TestPool.Patience));

        Assert.Equal(StatusCode.Aborted, e.StatusCode);
        var failure = Google.Rpc.Status.Parser.ParseFrom(e.Trailers.GetValueBytes("grpc-status-details-bin")).Details[0].Unpack<V1.TaskFailure>();
        Assert.Equal(V1.TaskFailureKind.WorkerLost, failure.Kind);
        var death = Assert.Single(failure.Deaths);
        Assert.Equal((pid, "SIGKILL", V1.DeathCause.Killed), (death.Pid, death.Signal, death.Cause));
        Assert.Equal(pid, Assert.IsType<TaskException>(e.InnerException).Failure.Deaths[0].Pid);
    }

    [Fact]
    public async Task An_answer_of_a_method_is_never_tried_again_not_even_where_it_says_unavailable()
    {
        await using var pool = await TestPool.StartAsync();
        var client = SameAnswers.Client(pool.CreateCallInvoker(new TaskOptions { Idempotent = true, Attempts = 5 }));

        var e = await Assert.ThrowsAsync<RpcException>(() => client.ActAsync(new Script { Status = (int)StatusCode.Unavailable, Detail = "the method's own" }).ResponseAsync.WaitAsync(TestPool.Patience));

        Assert.Equal((StatusCode.Unavailable, "the method's own"), (e.StatusCode, e.Status.Detail));
        Assert.Equal(0, pool.Counts.Retries);
    }

    [Fact]
    public async Task A_call_of_a_pool_that_stops_is_refused_as_unavailable()
    {
        var pool = await TestPool.StartAsync();
        var client = SameAnswers.Client(pool.CreateCallInvoker());
        await pool.DisposeAsync();

        var e = await Assert.ThrowsAsync<RpcException>(() => client.EchoAsync(new Note()).ResponseAsync);

        Assert.Equal(StatusCode.Unavailable, e.StatusCode);
    }

    [Fact]
    public async Task A_call_waits_for_a_place_in_a_full_queue_only_if_it_says_so()
    {
        await using var pool = await TestPool.StartAsync(TestPool.Options() with { QueueCapacity = 0 });
        var client = SameAnswers.Client(pool.CreateCallInvoker());
        var (arrived, go) = (TestPool.NewPath(), TestPool.NewPath());
        var first = client.ActAsync(new Script { Arrived = arrived, WaitFor = go });
        await TestPool.Until(() => File.Exists(arrived));

        var refused = await Assert.ThrowsAsync<RpcException>(() => client.EchoAsync(new Note()).ResponseAsync.WaitAsync(TestPool.Patience));
        var late = client.EchoAsync(new Note(), new CallOptions(deadline: DateTime.UtcNow.AddMilliseconds(50)).WithWaitForReady());
        var expired = await Assert.ThrowsAsync<RpcException>(() => late.ResponseAsync.WaitAsync(TestPool.Patience));
        var patient = client.EchoAsync(new Note { Text = "patient" }, new CallOptions().WithWaitForReady());
        await File.WriteAllTextAsync(go, "", TestContext.Current.CancellationToken);

        Assert.Equal(StatusCode.ResourceExhausted, refused.StatusCode);
        Assert.Equal(StatusCode.DeadlineExceeded, expired.StatusCode);
        Assert.Equal("patient", (await patient.ResponseAsync.WaitAsync(TestPool.Patience)).Text);
        await first.ResponseAsync.WaitAsync(TestPool.Patience);
    }

    [Fact]
    public async Task A_call_that_waited_for_its_place_has_what_is_left_of_its_deadline()
    {
        await using var pool = await TestPool.StartAsync(TestPool.Options() with { QueueCapacity = 0 });
        var client = SameAnswers.Client(pool.CreateCallInvoker());
        var (arrived, go) = (TestPool.NewPath(), TestPool.NewPath());
        var first = client.ActAsync(new Script { Arrived = arrived, WaitFor = go });
        await TestPool.Until(() => File.Exists(arrived));

        var waited = System.Diagnostics.Stopwatch.StartNew();
        var deadline = DateTime.UtcNow.AddHours(1);
        var patient = client.ActAsync(new Script(), new CallOptions(deadline: deadline).WithWaitForReady());
        await TestPool.Until(() => waited.Elapsed > TimeSpan.FromSeconds(1));
        await File.WriteAllTextAsync(go, "", TestContext.Current.CancellationToken);
        var seen = await patient.ResponseAsync.WaitAsync(TestPool.Patience);

        Assert.InRange(new DateTime(seen.DeadlineTicks, DateTimeKind.Utc), deadline - (waited.Elapsed / 2), deadline + (waited.Elapsed / 2));
        await first.ResponseAsync.WaitAsync(TestPool.Patience);
    }

    [Fact]
    public async Task A_service_with_a_constructor_is_made_for_each_call_in_the_scope_of_its_task()
    {
        await using var pool = await TestPool.StartAsync(TestPool.Options(), "--services");
        var client = new Visits.VisitsClient(pool.CreateCallInvoker());

        var first = await client.VisitAsync(new Note()).ResponseAsync.WaitAsync(TestPool.Patience);
        var second = await client.VisitAsync(new Note()).ResponseAsync.WaitAsync(TestPool.Patience);

        Assert.Equal((1, "0 have left"), (first.Number, first.Text));
        Assert.Equal((2, "1 have left"), (second.Number, second.Text));
    }

    private static async Task<int> PidIn(string file)
    {
        await TestPool.Until(() => File.Exists(file) && new FileInfo(file).Length > 0);
        return int.Parse(await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken), CultureInfo.InvariantCulture);
    }
}
