using static WorkerHost.Worker.Tests.SessionUnderTest;

namespace WorkerHost.Worker.Tests;

/// <summary>What a worker leaves behind in its ledger when it is killed.</summary>
public sealed class EvidenceTests
{
    private const int SigKill = 9;

    [Fact]
    [Trait("Scenario", "13")]
    public async Task After_kill_9_the_ledger_tells_finished_running_and_never_started_apart()
    {
        await using var worker = await WorkerUnderTest.StartAsync();
        using var session = await worker.OpenSessionAsync();
        await session.SubmitAsync(
            Task(1, "nothing"),
            Task(2, "meet_deaf", $"[\"{worker.PathOf("running")}\", \"{worker.PathOf("never")}\"]"),
            Task(3, "nothing"),
            Task(4, "nothing"));
        await worker.FileAsync("running");

        worker.Signal(SigKill);
        await worker.ExitAsync();

        var evidence = worker.Evidence();
        Assert.True(evidence.HasLedger);
        Assert.Equal(LedgerStage.Ready, evidence.Stage);
        Assert.Equal(1, evidence.Finished);
        Assert.True(evidence.Heartbeat > 0);
        Assert.Equal(StartVerdict.Passed, evidence.Judge(session.Key, 1));
        Assert.Equal(StartVerdict.Running, evidence.Judge(session.Key, 2));
        Assert.Equal(StartVerdict.NeverStarted, evidence.Judge(session.Key, 3));
        Assert.Equal(StartVerdict.NeverStarted, evidence.Judge(session.Key, 4));
        Assert.Equal(StartVerdict.Unknown, evidence.Judge(session.Key + 1, 1));
    }

    [Fact]
    public async Task With_several_lanes_each_one_names_its_suspect()
    {
        await using var worker = await WorkerUnderTest.StartAsync(static launch => launch with { Concurrency = 3 });
        using var one = await worker.OpenSessionAsync();
        using var two = await worker.OpenSessionAsync();
        await one.SubmitAsync(Task(10, "meet_deaf", $"[\"{worker.PathOf("a")}\", \"{worker.PathOf("never")}\"]"));
        await two.SubmitAsync(Task(20, "meet_deaf", $"[\"{worker.PathOf("b")}\", \"{worker.PathOf("never")}\"]"));
        await worker.FileAsync("a");
        await worker.FileAsync("b");
        await one.SubmitAsync([.. Enumerable.Range(11, 50).Select(static n => Task((ulong)n, "nothing"))]);
        await one.OutcomeAsync(60);
        await one.SubmitAsync(Task(61, "meet_deaf", $"[\"{worker.PathOf("c")}\", \"{worker.PathOf("never")}\"]"), Task(62, "nothing"));
        await worker.FileAsync("c");

        worker.Signal(SigKill);
        await worker.ExitAsync();

        var evidence = worker.Evidence();
        Assert.Equal(StartVerdict.Running, evidence.Judge(one.Key, 10));
        Assert.Equal(StartVerdict.Running, evidence.Judge(two.Key, 20));
        Assert.Equal(StartVerdict.Running, evidence.Judge(one.Key, 61));
        Assert.Equal(StartVerdict.Passed, evidence.Judge(one.Key, 11));
        Assert.Equal(StartVerdict.Passed, evidence.Judge(one.Key, 60));
        Assert.Equal(StartVerdict.NeverStarted, evidence.Judge(one.Key, 62));
        Assert.Equal(StartVerdict.NeverStarted, evidence.Judge(two.Key, 21));
        Assert.Equal(50, evidence.Finished);
    }

    [Theory]
    [Trait("Scenario", "8")]
    [InlineData("die_while_reading", "exit0")]
    [InlineData("die_while_reading", "exit42")]
    [InlineData("die_while_reading", "abort")]
    [InlineData("die_while_reading", "segv")]
    [InlineData("die_in_handler", "exit0")]
    [InlineData("die_in_handler", "exit42")]
    [InlineData("die_in_handler", "abort")]
    [InlineData("die_in_handler", "segv")]
    [InlineData("die_while_writing", "exit0")]
    [InlineData("die_while_writing", "exit42")]
    [InlineData("die_while_writing", "abort")]
    [InlineData("die_while_writing", "segv")]
    public async Task Whatever_a_task_dies_of_and_when_it_is_the_suspect_and_the_next_never_started(string task, string how)
    {
        await using var worker = await WorkerUnderTest.StartAsync();
        using var session = await worker.OpenSessionAsync();
        await session.SubmitAsync(Task(1, "nothing"), Task(2, task, $"[\"{how}\"]"), Task(3, "nothing"));

        var code = await worker.ExitAsync();

        Assert.Equal(how switch { "exit0" => 0, "exit42" => 42, "abort" => 134, _ => 139 }, code);
        Assert.Equal(StartVerdict.Running, worker.Evidence().Judge(session.Key, 2));
        Assert.Equal(StartVerdict.NeverStarted, worker.Evidence().Judge(session.Key, 3));
    }

    [Theory]
    [Trait("Scenario", "8")]
    [InlineData("die_while_reading", V1.TaskFailureKind.BadInput)]
    [InlineData("die_in_handler", V1.TaskFailureKind.TaskFailed)]
    [InlineData("die_while_writing", V1.TaskFailureKind.TaskFailed)]
    public async Task An_exception_at_any_stage_kills_nobody(string task, V1.TaskFailureKind kind)
    {
        await using var worker = await WorkerUnderTest.StartAsync();
        using var session = await worker.OpenSessionAsync();

        await session.SubmitAsync(Task(1, task, "[\"throw\"]"), Task(2, "nothing"));

        Assert.Equal(kind, (await session.OutcomeAsync(1)).Failure.Kind);
        Assert.Null((await session.OutcomeAsync(2)).Failure);
    }
}
