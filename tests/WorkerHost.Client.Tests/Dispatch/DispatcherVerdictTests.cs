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

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Nothing_is_judged_before_the_session_was_read_to_its_end_and_the_process_observed_dead(bool deathFirst)
    {
        var rig = new DispatcherRig();
        var endpoint = rig.Open();
        var entry = rig.Submit(options: Idempotent);
        rig.Pump(endpoint);
        rig.Decided();
        var evidence = DispatcherRig.Evidence(endpoint, started: 0);

        if (deathFirst)
        {
            rig.Die(endpoint, evidence);
        }
        else
        {
            rig.End(endpoint);
        }

        Assert.Equal((TaskPhase.Sent, "SessionTimer"), (entry.Phase, rig.Told()));
        if (deathFirst)
        {
            rig.End(endpoint);
        }
        else
        {
            rig.Die(endpoint, evidence);
        }

        Assert.Equal(TaskPhase.Queued, entry.Phase);
    }

    [Fact]
    [Trait("Scenario", "12")]
    public void A_result_that_arrives_after_the_observed_death_is_the_outcome()
    {
        var rig = new DispatcherRig();
        var endpoint = rig.Open();
        var entry = rig.Submit();
        rig.Pump(endpoint);
        rig.Die(endpoint, DispatcherRig.Evidence(endpoint, 1));
        rig.Decided();

        rig.Succeed(entry);
        rig.End(endpoint);

        Assert.Equal("Complete(ok) Settle", rig.Told());
    }

    [Fact]
    public void Without_a_supervisor_the_end_of_the_session_is_all_there_is()
    {
        var rig = new DispatcherRig();
        var endpoint = rig.Open(supervised: false);
        rig.Submit();
        var again = rig.Submit(options: Idempotent);
        rig.Open(1, supervised: false);
        rig.Pump(endpoint);
        rig.Decided();

        rig.End(endpoint);

        Assert.Equal("Complete(WorkerLost) Settle", rig.Told());
        Assert.Equal(TaskPhase.Sent, again.Phase);
        Assert.DoesNotContain(endpoint, rig.Dispatcher.Endpoints);
    }

    [Fact]
    [Trait("Scenario", "15")]
    public void A_death_of_one_incarnation_leaves_the_next_one_alone()
    {
        var rig = new DispatcherRig();
        var first = rig.Open(incarnation: 1);
        var second = rig.Open(incarnation: 2);
        var a = rig.Submit();
        var b = rig.Submit();
        rig.Pump(first);
        rig.Pump(second);

        rig.EndAndDie(first, DispatcherRig.Evidence(first, 1, 1));
        rig.Die(first);

        Assert.Equal((TaskPhase.Done, TaskPhase.Sent), (a.Phase, b.Phase));
        Assert.True(second.Open);
        Assert.Null(second.Death);
    }

    [Fact]
    [Trait("Scenario", "15")]
    public void An_answer_of_a_lost_connection_never_reaches_the_task_on_its_next_worker()
    {
        var rig = new DispatcherRig();
        var first = rig.Open(incarnation: 1);
        var entry = rig.Submit(options: Idempotent);
        rig.Pump(first);
        rig.EndAndDie(first, DispatcherRig.Evidence(first, 1, 1));
        rig.Dispatcher.Resubmit(entry, rig.Now);
        var second = rig.Open(incarnation: 2);
        rig.Pump(second);
        rig.Decided();

        rig.Answer(first, 1, AttemptOutcome.Success(default, ContentType.Json), 1);

        Assert.Equal("LateOutcome", rig.Told());
        Assert.Equal(1, rig.Dispatcher.LateOutcomes);
        Assert.Equal(TaskPhase.Sent, entry.Phase);
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
    public void A_handlers_exception_is_not_tried_again_unless_it_says_so()
    {
        var rig = new DispatcherRig();
        var endpoint = rig.Open(concurrency: 2);
        var final = rig.Submit(options: Idempotent);
        var again = rig.Submit();
        rig.Pump(endpoint);
        rig.Decided();

        rig.Fail(final, DispatcherRig.HandlerThrew());
        rig.Fail(again, DispatcherRig.HandlerThrew(retryable: true));

        Assert.Equal("Complete(TaskFailed) Settle AttemptFailed(TaskFailed)", rig.Told());
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

    [Fact]
    public void A_worker_that_is_leaving_gives_back_free_of_charge()
    {
        var rig = new DispatcherRig();
        var endpoint = rig.Open();
        var entry = rig.Submit(attempts: 1);
        rig.Pump(endpoint);
        rig.Dispatcher.EndpointDraining(endpoint);

        rig.Fail(entry, DispatcherRig.Leaving());

        Assert.Equal((TaskPhase.Queued, 1), (entry.Phase, entry.Attempt));
        Assert.Equal([entry], rig.Pump(rig.Open(1)));
    }

    [Fact]
    public void A_worker_that_is_full_rests_for_as_long_as_it_asked_and_is_not_asked_for_ever()
    {
        var rig = new DispatcherRig();
        var full = rig.Open();
        var entry = rig.Submit(attempts: 1);
        rig.Pump(full);
        rig.Decided();

        rig.Fail(entry, DispatcherRig.Leaving() with { RetryAfter = TimeSpan.FromMilliseconds(250) });

        var rest = Assert.Single(rig.Decided());
        Assert.Equal((DispatchActionKind.RestTimer, TimeSpan.FromMilliseconds(250)), (rest.Kind, rest.Delay));
        Assert.Equal((TaskPhase.Queued, 1), (entry.Phase, entry.Attempt));
        rig.Dispatcher.Rested(full, rig.Now);
        Assert.Equal([entry], rig.Pump(full));
    }

    [Fact]
    public void What_a_full_worker_refused_goes_to_another_at_once()
    {
        var rig = new DispatcherRig();
        var full = rig.Open(0);
        var entry = rig.Submit();
        rig.Pump(full);
        var other = rig.Open(1);
        rig.Fail(entry, DispatcherRig.Leaving());
        Assert.Equal([entry], rig.Pump(other));
    }

    [Fact]
    public void An_answer_to_a_sequence_that_was_never_sent_ends_the_session()
    {
        var rig = new DispatcherRig();
        var endpoint = rig.Open();
        rig.Submit();
        rig.Pump(endpoint);
        rig.Decided();

        rig.Answer(endpoint, 7, AttemptOutcome.Success(default, ContentType.Json), 1);

        var abort = Assert.Single(rig.Decided());
        Assert.Equal(DispatchActionKind.Abort, abort.Kind);
        Assert.Contains("sequence 7", abort.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_second_answer_to_the_same_sequence_is_counted_and_dropped()
    {
        var rig = new DispatcherRig();
        var endpoint = rig.Open();
        var entry = rig.Submit();
        rig.Pump(endpoint);
        rig.Succeed(entry);
        rig.Decided();

        rig.Answer(endpoint, 1, AttemptOutcome.Success(default, ContentType.Json), 1);

        Assert.Equal("LateOutcome", rig.Told());
        Assert.Equal(1, rig.Dispatcher.LateOutcomes);
        Assert.Equal(0, endpoint.InFlight.Count);
    }

    [Fact]
    public void A_worker_that_lives_on_without_its_session_is_killed_after_the_grace()
    {
        var rig = new DispatcherRig(new DispatcherOptions { LostSessionGrace = TimeSpan.FromSeconds(3) });
        var endpoint = rig.Open();
        rig.Decided();

        rig.End(endpoint);

        Assert.Equal(TimeSpan.FromSeconds(3), Assert.Single(rig.Decided()).Delay);
        rig.Dispatcher.SessionOverdue(endpoint);
        Assert.Equal("Kill", rig.Told());
        rig.Die(endpoint);
        rig.Dispatcher.SessionOverdue(endpoint);
        Assert.Equal("", rig.Told());
    }

    [Fact]
    public void A_worker_that_was_told_to_leave_and_owes_nothing_may_take_its_time()
    {
        var rig = new DispatcherRig();
        var endpoint = rig.Open();
        rig.Dispatcher.WorkerLeaves(endpoint);
        rig.End(endpoint);
        rig.Told();

        rig.Dispatcher.SessionOverdue(endpoint);

        Assert.Equal("", rig.Told());
    }

    [Fact]
    public void A_session_that_does_not_end_after_the_death_is_ended()
    {
        var rig = new DispatcherRig(new DispatcherOptions { ReadOutGrace = TimeSpan.FromSeconds(4) });
        var endpoint = rig.Open();
        rig.Decided();

        rig.Die(endpoint);

        Assert.Equal(TimeSpan.FromSeconds(4), Assert.Single(rig.Decided()).Delay);
        rig.Dispatcher.SessionOverdue(endpoint);
        Assert.Equal("Abort", rig.Told());
    }
}
