using Grpc.Core;
using Grpc.Health.V1;
using WorkerHost.V1;
using static WorkerHost.Worker.Tests.SessionUnderTest;
using Kind = WorkerHost.V1.TaskFailureKind;

namespace WorkerHost.Worker.Tests;

/// <summary>How a worker begins and how it leaves.</summary>
public sealed class LifeTests
{
    private const int SigTerm = 15;

    [Fact]
    public async Task Started_by_hand_it_explains_itself()
    {
        using var process = await WorkerUnderTest.SpawnAsync(supervised: false);
        var said = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.Equal(WorkerExitCode.NotSupervised, process.ExitCode);
        Assert.Contains("WorkerPool.StartAsync", said, StringComparison.Ordinal);
        Assert.Contains("sha256", said, StringComparison.Ordinal);
        Assert.Empty(await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("", WorkerExitCode.CannotServe, "stdin ended before")]
    [InlineData("hello\n", WorkerExitCode.CannotServe, "not what a supervisor writes")]
    [InlineData("{}\n", WorkerExitCode.CannotServe, "minProtocol is missing")]
    [InlineData("null\n", WorkerExitCode.CannotServe, "it is no JSON object")]
    public async Task A_launch_line_that_is_none_is_named(string input, int exitCode, string expected)
    {
        using var process = await WorkerUnderTest.SpawnAsync(supervised: true);
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        var said = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.Equal(exitCode, process.ExitCode);
        Assert.Contains(expected, said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_protocol_version_is_not_worth_another_start() =>
        await EndsAtOnce(static launch => launch with { MinProtocol = 99, MaxProtocol = 99 }, WorkerExitCode.Misconfigured, "99 to 99");

    [Fact]
    public async Task A_socket_path_that_is_too_long_is_named() => await EndsAtOnce(
        static launch => launch with { Address = $"unix:///tmp/{new string('x', 200)}" }, WorkerExitCode.CannotServe, "TMPDIR");

    [Fact]
    public async Task A_socket_in_a_folder_that_is_not_there_is_named() => await EndsAtOnce(
        static launch => launch with { Address = "unix:///nowhere/at/all" }, WorkerExitCode.CannotServe, "cannot listen on unix:///nowhere/at/all");

    [Theory]
    [InlineData("http://0.0.0.0:5000", "secret", "loopback")]
    [InlineData("http://127.0.0.1:5000", null, "no secret")]
    [InlineData("ftp://127.0.0.1", "secret", "neither unix")]
    public async Task An_address_that_is_not_safe_is_refused(string address, string? secret, string expected) =>
        await EndsAtOnce(launch => launch with { Address = address, Secret = secret }, WorkerExitCode.CannotServe, expected);

    [Fact]
    public async Task Without_a_usable_ledger_it_warns_and_works()
    {
        await using var worker = await WorkerUnderTest.StartAsync(static launch =>
        {
            File.WriteAllText(launch.Ledger!, "no ledger");
            return launch;
        });

        using (var session = await worker.OpenSessionAsync())
        {
            Assert.DoesNotContain(Capability.Ledger, session.Hello.Capabilities);
            await session.SubmitAsync(Task(1, "add", "[1, 2]"));
            Assert.Equal("3", (await session.OutcomeAsync(1)).Data.ToStringUtf8());
        }

        worker.CloseLifeline();
        Assert.Equal(WorkerExitCode.Success, await worker.ExitAsync());
        Assert.Contains("working without the ledger", await worker.StderrAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_quiet_worker_says_nothing_on_stdout_and_stderr()
    {
        await using var worker = await WorkerUnderTest.StartAsync();
        await worker.RunAsync("add", "[1, 2]");
        await Assert.ThrowsAsync<RpcException>(() => worker.RunAsync("throw", "[\"x\"]"));
        using (var session = await worker.OpenSessionAsync())
        {
            await session.SubmitAsync(Task(1, "throw", "[\"x\"]"), Task(2, "nothing"));
            await session.OutcomeAsync(2);
        }

        worker.CloseLifeline();

        Assert.Equal(WorkerExitCode.Success, await worker.ExitAsync());
        Assert.Empty(await worker.StdoutAsync());
        Assert.Empty(await worker.StderrAsync());
    }

    [Fact]
    [Trait("Scenario", "45")]
    public async Task When_the_lifeline_closes_a_busy_worker_finishes_and_leaves_with_0()
    {
        await using var worker = await WorkerUnderTest.StartAsync();
        using var session = await BusyAsync(worker, "meet", until: "go", Task(2, "touch", $"[\"{worker.PathOf("touched")}\"]"));

        worker.CloseLifeline();

        Assert.True((await session.OutcomeAsync(2)).Recalled);

        await session.HalfCloseAsync();
        worker.Touch("go");
        Assert.Null((await session.OutcomeAsync(1)).Failure);
        await session.ToTheEndAsync();
        Assert.Equal(StatusCode.OK, session.Status.StatusCode);
        Assert.Contains(session.Frames, static frame => frame.Draining);
        Assert.Equal(WorkerExitCode.Success, await worker.ExitAsync());
        Assert.False(File.Exists(worker.PathOf("touched")));
        Assert.Equal(LedgerStage.Draining, worker.Evidence().Stage);
    }

    [Fact]
    [Trait("Scenario", "45")]
    public async Task When_the_lifeline_closes_a_deaf_handler_does_not_keep_the_worker()
    {
        await using var worker = await WorkerUnderTest.StartAsync(static launch => launch with { DrainMilliseconds = 100 });
        using var session = await BusyAsync(worker, "meet_deaf", until: "never");

        worker.CloseLifeline();

        Assert.Equal(WorkerExitCode.Success, await worker.ExitAsync());
    }

    [Fact]
    [Trait("Scenario", "39")]
    public async Task Asked_to_leave_in_its_own_time_it_ends_no_task_by_itself()
    {
        await using var worker = await WorkerUnderTest.StartAsync(static launch => launch with { DrainMilliseconds = 0 });
        using var session = await worker.OpenSessionAsync();
        await session.SubmitAsync(
            Task(1, "meet", $"[\"{worker.PathOf("running")}\", \"{worker.PathOf("go")}\"]"),
            Task(2, "touch", $"[\"{worker.PathOf("touched")}\"]"));
        await worker.FileAsync("running");

        worker.AskToLeaveInItsOwnTime();

        // A worker that hurries cancels what runs in the same breath in which it gives back what does not.
        Assert.True((await session.OutcomeAsync(2)).Recalled);
        await session.HalfCloseAsync();
        worker.Touch("go");
        Assert.Null((await session.OutcomeAsync(1)).Failure);
        Assert.Equal(WorkerExitCode.Success, await worker.ExitAsync());
    }

    [Fact]
    [Trait("Scenario", "39")]
    public async Task Asked_to_leave_in_its_own_time_it_is_hurried_by_the_first_SIGTERM()
    {
        await using var worker = await WorkerUnderTest.StartAsync();
        using var session = await worker.OpenSessionAsync();
        await session.SubmitAsync(Task(1, "meet", $"[\"{worker.PathOf("running")}\", \"{worker.PathOf("never")}\"]"), Task(2, "nothing"));
        await worker.FileAsync("running");

        worker.AskToLeaveInItsOwnTime();
        Assert.True((await session.OutcomeAsync(2)).Recalled);
        await session.HalfCloseAsync();
        worker.Signal(SigTerm);

        Assert.Equal(Kind.Cancelled, (await session.OutcomeAsync(1)).Failure.Kind);
        Assert.Equal(WorkerExitCode.Success, await worker.ExitAsync());
    }

    [Fact]
    public async Task A_worker_that_is_not_ready_yet_leaves_with_its_lifeline()
    {
        await using var worker = await WorkerUnderTest.LaunchAsync(static launch => launch with { DrainMilliseconds = 0 }, "--never-ready");
        await Eventually.IsTrue(() => worker.Evidence().Stage == LedgerStage.ProcessStarted);

        worker.CloseLifeline();

        Assert.Equal(WorkerExitCode.Success, await worker.ExitAsync());
    }

    [Fact]
    public async Task SIGTERM_lets_what_runs_finish_and_gives_back_the_rest()
    {
        await using var worker = await WorkerUnderTest.StartAsync();
        using var session = await BusyAsync(worker, "meet", until: "go", Task(2, "nothing"), Task(3, "nothing"));
        var unary = worker.RunAsync("nothing", "[]");
        using var health = new Health.HealthClient(worker.Channel).Watch(new HealthCheckRequest());
        Assert.True(await health.ResponseStream.MoveNext(TestContext.Current.CancellationToken));
        Assert.Equal(HealthCheckResponse.Types.ServingStatus.Serving, health.ResponseStream.Current.Status);

        worker.Signal(SigTerm);

        Assert.True((await session.OutcomeAsync(2)).Recalled);
        Assert.True((await session.OutcomeAsync(3)).Recalled);
        Assert.True(await health.ResponseStream.MoveNext(TestContext.Current.CancellationToken));
        Assert.Equal(HealthCheckResponse.Types.ServingStatus.NotServing, health.ResponseStream.Current.Status);
        var refused = await Assert.ThrowsAsync<RpcException>(() => unary);
        Assert.Equal(StatusCode.Unavailable, refused.StatusCode);
        Assert.Equal(Kind.Rejected, RunTests.Failure(refused).Kind);
        Assert.Equal(StatusCode.Unavailable, (await Assert.ThrowsAsync<RpcException>(() => worker.RunAsync("nothing", "[]"))).StatusCode);
        Assert.Equal(StatusCode.Unavailable, (await Assert.ThrowsAsync<RpcException>(() => worker.OpenSessionAsync())).StatusCode);

        // What comes after the news comes back as well.
        await session.SubmitAsync(Task(4, "nothing"));
        Assert.True((await session.OutcomeAsync(4)).Recalled);

        await session.HalfCloseAsync();
        worker.Touch("go");
        Assert.Null((await session.OutcomeAsync(1)).Failure);
        Assert.Equal(WorkerExitCode.Success, await worker.ExitAsync());
    }

    [Fact]
    public async Task A_second_SIGTERM_does_not_wait_for_what_runs()
    {
        await using var worker = await WorkerUnderTest.StartAsync();
        using var session = await BusyAsync(worker, "meet_deaf", until: "never");

        worker.Signal(SigTerm);
        Assert.True((await session.FrameAsync())!.Draining);
        worker.Signal(SigTerm);

        Assert.Equal(WorkerExitCode.Success, await worker.ExitAsync());
    }

    [Fact]
    [Trait("Scenario", "42")]
    public async Task What_comes_to_a_leaving_worker_is_not_started_even_where_a_lane_is_free()
    {
        await using var worker = await WorkerUnderTest.StartAsync(static launch => launch with { Concurrency = 2 });
        using var session = await BusyAsync(worker, "meet", until: "go");
        worker.Signal(SigTerm);
        Assert.True((await session.FrameAsync())!.Draining);

        for (var sequence = 2ul; sequence < 50; sequence++)
        {
            await session.SubmitAsync(Task(sequence, "touch", $"[\"{worker.PathOf("touched")}\"]"));
            Assert.True((await session.OutcomeAsync(sequence)).Recalled);
        }

        worker.Touch("go");
        Assert.Null((await session.OutcomeAsync(1)).Failure);
        Assert.Equal(WorkerExitCode.Success, await worker.ExitAsync());
        Assert.False(File.Exists(worker.PathOf("touched")));
    }

    [Fact]
    public async Task When_the_time_for_draining_is_over_handlers_are_asked_to_stop()
    {
        await using var worker = await WorkerUnderTest.StartAsync(static launch => launch with { DrainMilliseconds = 50 });
        using var session = await BusyAsync(worker, "meet", until: "never");
        await session.HalfCloseAsync();

        worker.Signal(SigTerm);

        Assert.Equal(Kind.Cancelled, (await session.OutcomeAsync(1)).Failure.Kind);
        Assert.Equal(WorkerExitCode.Success, await worker.ExitAsync());
    }

    [Fact]
    public async Task Drain_by_control_answers_when_nothing_runs_and_the_worker_stays()
    {
        await using var worker = await WorkerUnderTest.StartAsync();
        var control = new WorkerControl.WorkerControlClient(worker.Channel);
        using var session = await BusyAsync(worker, "meet", until: "go", Task(2, "nothing"));

        var drain = control.DrainAsync(new DrainRequest());
        Assert.True((await session.OutcomeAsync(2)).Recalled);
        Assert.False(drain.ResponseAsync.IsCompleted);
        worker.Touch("go");

        Assert.Equal(1ul, (await drain).Finished);
        Assert.Equal(worker.Pid, (await control.HelloAsync(new HelloRequest { MinProtocol = 1, MaxProtocol = 1 })).Pid);
    }

    [Fact]
    public async Task Heartbeats_come_over_control_as_well()
    {
        await using var worker = await WorkerUnderTest.StartAsync();
        var control = new WorkerControl.WorkerControlClient(worker.Channel);
        using var call = control.Heartbeat(new HeartbeatRequest { Interval = Google.Protobuf.WellKnownTypes.Duration.FromTimeSpan(TimeSpan.FromMilliseconds(10)) });

        for (var beat = 1ul; beat <= 3; beat++)
        {
            Assert.True(await call.ResponseStream.MoveNext(TestContext.Current.CancellationToken));
            Assert.Equal(beat, call.ResponseStream.Current.Beat);
        }
    }

    [Fact]
    public async Task Handlers_and_their_children_have_nothing_of_the_launch()
    {
        await using var worker = await WorkerUnderTest.StartAsync(null, "--colour", "blue");

        Assert.Equal("\"\"", await worker.RunJsonAsync("read_stdin", "[]"));
        Assert.Equal("null", await worker.RunJsonAsync("environment", $"[\"{LaunchMarker.EnvironmentVariable}\"]"));
        Assert.Equal("[\"--colour\",\"blue\"]", await worker.RunJsonAsync("argument_list", "[]"));

        var child = await worker.RunJsonAsync("grandchild", "[]");
        var descriptors = Directory.GetFiles($"/proc/{child}/fd").ToDictionary(static fd => Path.GetFileName(fd), static fd => new FileInfo(fd).LinkTarget);
        Assert.Equal("/dev/null", descriptors["0"]);
        Assert.DoesNotContain(worker.LifelineName(), descriptors.Values);
    }

    [Fact]
    public async Task The_ledger_beats_while_every_lane_is_blocked()
    {
        await using var worker = await WorkerUnderTest.StartAsync();
        using var session = await worker.OpenSessionAsync();
        await session.SubmitAsync(Task(1, "hang", "[1000]"));
        var before = worker.Evidence().Heartbeat;

        await Eventually.IsTrue(() => worker.Evidence().Heartbeat >= before + 2);
    }

    /// <summary>Returns once the first task runs.</summary>
    private static async Task<SessionUnderTest> BusyAsync(WorkerUnderTest worker, string task, string until, params TaskSubmission[] behind)
    {
        var session = await worker.OpenSessionAsync();
        await session.SubmitAsync([Task(1, task, $"[\"{worker.PathOf("running")}\", \"{worker.PathOf(until)}\"]"), .. behind]);
        await worker.FileAsync("running");
        return session;
    }

    private static async Task EndsAtOnce(Func<LaunchLine, LaunchLine> change, int exitCode, string expected)
    {
        await using var worker = await WorkerUnderTest.LaunchAsync(change);

        Assert.Equal(exitCode, await worker.ExitAsync());
        Assert.Contains(expected, await worker.StderrAsync(), StringComparison.Ordinal);
    }
}
