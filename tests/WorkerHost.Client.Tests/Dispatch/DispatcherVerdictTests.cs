namespace WorkerHost.Client.Tests;

/// <summary>What becomes of a dead worker's tasks, by the evidence of its ledger.</summary>
public sealed class DispatcherVerdictTests
{
    private static readonly TaskOptions Idempotent = new() { Idempotent = true };

    [Fact]
    [Trait("Scenario", "13")]
    public void A_task_whose_worker_died_before_its_start_mark_is_redispatched_free()
    {
        var rig = new DispatcherRig();
        var endpoint = rig.Open();
        var entry = rig.Submit(attempts: 1);
        rig.Pump(endpoint);

        rig.EndAndDie(endpoint, DispatcherRig.Evidence(endpoint, started: 0));
        var next = rig.Open(incarnation: 2);

        Assert.Equal([entry], rig.Pump(next));
        Assert.Equal(1, entry.Attempt);
        Assert.Empty(entry.PastAttempts);
        rig.Succeed(entry);
        Assert.DoesNotContain(rig.Decided(), static a => a.Outcome.Failure is not null);
    }

    [Fact]
    [Trait("Scenario", "13")]
    public void A_task_that_had_started_and_is_not_idempotent_is_lost_and_says_why()
    {
        var rig = new DispatcherRig();
        var endpoint = rig.Open();
        var entry = rig.Submit();
        rig.Pump(endpoint);
        rig.Decided();

        rig.EndAndDie(endpoint, DispatcherRig.Evidence(endpoint, 1, 1));

        var failure = Assert.Single(rig.Decided(), static a => a.Kind == DispatchActionKind.Complete).Outcome.Failure!;
        Assert.Equal(TaskFailureKind.WorkerLost, failure.Kind);
        Assert.Equal(endpoint.Worker.Id, failure.Worker);
        Assert.Equal(endpoint.Death!.Report, Assert.Single(failure.Deaths));
        Assert.False(failure.NeverStarted);
        Assert.False(failure.RanToCompletion);
        Assert.Contains("it was running", failure.Message, StringComparison.Ordinal);
        Assert.Contains("TaskOptions.Idempotent is false", failure.Message, StringComparison.Ordinal);
        Assert.Contains("SIGKILL", failure.Message, StringComparison.Ordinal);
        Assert.Equal(TaskPhase.Done, entry.Phase);
    }

    [Fact]
    [Trait("Scenario", "13")]
    public void A_task_that_had_started_and_is_idempotent_asks_for_another_attempt()
    {
        var rig = new DispatcherRig();
        var endpoint = rig.Open();
        var entry = rig.Submit(options: Idempotent);
        rig.Pump(endpoint);
        rig.Decided();

        rig.EndAndDie(endpoint, DispatcherRig.Evidence(endpoint, 1, 1));

        Assert.Equal("SessionTimer AttemptFailed(WorkerLost)", rig.Told());
        Assert.True(entry.MayRetry);
        Assert.True(rig.Dispatcher.Resubmit(entry, rig.Now));
        Assert.Equal([entry], rig.Pump(rig.Open(incarnation: 2)));
        Assert.Equal(2, entry.Attempt);
    }

    [Fact]
    public void A_task_whose_handler_had_returned_is_lost_as_run_to_completion()
    {
        var rig = new DispatcherRig();
        var endpoint = rig.Open(concurrency: 2);
        rig.Submit();
        rig.Submit();
        rig.Pump(endpoint);
        rig.Decided();

        rig.EndAndDie(endpoint, DispatcherRig.Page(endpoint, 2, 2).Lane(1, endpoint.SessionKey, 1, LaneState.Finished).Read());

        var failures = rig.Decided().Where(static a => a.Kind == DispatchActionKind.Complete).ToDictionary(static a => a.Entry!.Number, static a => a.Outcome.Failure!);
        Assert.True(failures[1].RanToCompletion);
        Assert.Contains("ran to completion", failures[1].Message, StringComparison.Ordinal);
        Assert.False(failures[2].RanToCompletion);
    }

    [Fact]
    public void A_start_mark_above_a_task_alone_does_not_say_that_it_ran_to_completion()
    {
        // The worker may have refused it, or given it back unstarted, and died before it could say so.
        var rig = new DispatcherRig();
        var endpoint = rig.Open(concurrency: 2);
        var one = rig.Submit();
        rig.Submit();
        rig.Pump(endpoint);
        rig.Decided();

        rig.EndAndDie(endpoint, DispatcherRig.Evidence(endpoint, 2, 2));

        var failure = rig.Decided().Single(a => a.Kind == DispatchActionKind.Complete && a.Entry == one).Outcome.Failure!;
        Assert.Equal(TaskFailureKind.WorkerLost, failure.Kind);
        Assert.False(failure.RanToCompletion);
        Assert.Contains("it may have run", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("no ledger")]
    [InlineData("no track of this session")]
    [InlineData("ledger of another incarnation")]
    [InlineData("garbage")]
    public void Without_evidence_a_written_task_may_have_run(string what)
    {
        var rig = new DispatcherRig();
        var endpoint = rig.Open();
        var entry = rig.Submit();
        rig.Pump(endpoint);
        rig.Decided();
        var evidence = what switch
        {
            "no track of this session" => new LedgerBytes(1, 1).Track(endpoint.SessionKey + 1, 0).Read(),
            "ledger of another incarnation" => LedgerEvidence.Parse(new byte[LedgerLayout.SizeFor(1)], 2),
            "garbage" => LedgerEvidence.Parse([1, 2, 3], 1),
            _ => LedgerEvidence.None,
        };

        rig.EndAndDie(endpoint, evidence);

        Assert.Equal("SessionTimer Complete(WorkerLost) Settle", rig.Told());
        Assert.Contains("it may have run", entry.LastFailure!.Message, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Scenario", "11")]
    public void A_task_that_was_never_taken_to_be_written_comes_back_free_even_without_a_ledger()
    {
        var rig = new DispatcherRig();
        var endpoint = rig.Open();
        var entry = rig.Submit(attempts: 1);
        rig.EndAndDie(endpoint);
        Assert.Equal(TaskPhase.Queued, entry.Phase);
        Assert.Equal([entry], rig.Pump(rig.Open(incarnation: 2)));
    }

    [Fact]
    [Trait("Scenario", "14")]
    public void Every_task_in_flight_of_a_dead_worker_has_its_own_outcome()
    {
        var rig = new DispatcherRig();
        var endpoint = rig.Open(concurrency: 50);
        var tasks = Enumerable.Range(0, 50).Select(_ => rig.Submit()).ToList();
        rig.Pump(endpoint);
        rig.Decided();

        rig.EndAndDie(endpoint, DispatcherRig.Evidence(endpoint, 50, [.. Enumerable.Range(1, 50).Select(static n => (ulong)n)]));

        var outcomes = rig.Decided().Where(static a => a.Kind == DispatchActionKind.Complete).Select(static a => a.Entry!).ToHashSet();
        Assert.Equal(tasks.ToHashSet(), outcomes);
        Assert.Equal(0, rig.Dispatcher.Unsettled);
        foreach (var task in tasks)
        {
            rig.Dispatcher.StopOverdue(task, endpoint, task.Sequence);
            rig.Dispatcher.Expired(task, rig.Now);
        }

        Assert.Equal("", rig.Told());
    }

    [Fact]
    public void Every_death_a_task_has_been_through_is_told()
    {
        var rig = new DispatcherRig();
        var entry = rig.Submit(options: Idempotent);
        for (var incarnation = 1; incarnation <= 3; incarnation++)
        {
            var endpoint = rig.Open(incarnation: incarnation);
            rig.Pump(endpoint);
            rig.EndAndDie(endpoint, DispatcherRig.Evidence(endpoint, 1, 1));
            rig.Dispatcher.Resubmit(entry, rig.Now);
        }

        Assert.Equal([1, 2, 3], entry.LastFailure!.Deaths.Select(static d => (int)d.Worker.Incarnation));
        Assert.Equal([1, 2, 3], entry.PastAttempts.Select(static a => a.Number));
    }
}
