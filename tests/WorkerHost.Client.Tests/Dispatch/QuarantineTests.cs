namespace WorkerHost.Client.Tests;

/// <summary>A task that kills its workers is found out and run no more; who was only there is cleared.</summary>
public sealed class QuarantineTests
{
    private static readonly TaskOptions Idempotent = new() { Idempotent = true };

    private static readonly TaskOptions Mine = new() { Id = "mine", Idempotent = true };

    [Fact]
    [Trait("Scenario", "16")]
    public void A_task_that_runs_alone_when_two_workers_crash_is_quarantined_with_both_deaths()
    {
        var rig = new DispatcherRig();
        var poison = rig.Submit(options: Mine, attempts: 100);

        CrashOn(rig, 1, poison);
        Assert.Equal(TaskPhase.Queued, poison.Phase);
        CrashOn(rig, 2, poison);

        Assert.Equal((TaskPhase.Done, 2), (poison.Phase, poison.Attempt));
        Assert.Equal(TaskFailureKind.Quarantined, poison.LastFailure!.Kind);
        Assert.Equal(["SIGSEGV", "SIGSEGV"], poison.LastFailure.Deaths.Select(static d => d.Signal));
        Assert.Contains("QuarantineAfter = 2", poison.LastFailure.Message, StringComparison.Ordinal);
        Assert.Equal([TaskFailureKind.WorkerLost, TaskFailureKind.WorkerLost], poison.PastAttempts.Select(static a => a.Failure!.Kind));
        var listed = Assert.Single(rig.Dispatcher.Quarantine.All());
        Assert.Equal(("mine", "work", 2), (listed.Id, listed.Name, listed.Deaths.Length));
    }

    [Fact]
    public void The_outcome_is_told_once_and_noted()
    {
        var rig = new DispatcherRig(new DispatcherOptions { QuarantineAfter = 1 });
        var endpoint = rig.Open();
        var poison = rig.Submit();
        rig.Pump(endpoint);
        rig.Decided();

        rig.End(endpoint);
        rig.Dispatcher.WorkerDied(DispatcherRig.DeathOf(endpoint, Evidence(endpoint, poison), DeathCause.Crash), rig.Now);

        Assert.Equal("SessionTimer Quarantined Complete(Quarantined) Settle", rig.Told());
    }

    [Fact]
    public void An_id_in_quarantine_is_refused_without_a_start_until_it_is_released()
    {
        var rig = new DispatcherRig(new DispatcherOptions { QuarantineAfter = 1 });
        CrashOn(rig, 1, rig.Submit(options: Mine));

        var refusal = rig.TrySubmit(rig.Make(options: Mine));
        Assert.Equal((TaskFailureKind.Quarantined, true, 1), (refusal!.Kind, refusal.NeverStarted, refusal.Deaths.Length));
        Assert.Contains("WorkerPool.Release(\"mine\")", refusal.Message, StringComparison.Ordinal);

        Assert.True(rig.Dispatcher.Quarantine.Release("mine"));
        Assert.False(rig.Dispatcher.Quarantine.Release("mine"));
        Assert.Null(rig.TrySubmit(rig.Make(options: Mine)));
        Assert.Empty(rig.Dispatcher.Quarantine.All());
    }

    [Fact]
    public void A_task_without_an_id_of_the_callers_is_listed_under_the_one_it_was_given()
    {
        var rig = new DispatcherRig(new DispatcherOptions { QuarantineAfter = 1, IdPrefix = "images-0815" });
        CrashOn(rig, 1, rig.Submit());
        Assert.Equal("images-0815-1", Assert.Single(rig.Dispatcher.Quarantine.All()).Id);
    }

    [Theory]
    [InlineData(DeathCause.Killed)]
    [InlineData(DeathCause.Ordered)]
    [InlineData(DeathCause.Stop)]
    [InlineData(DeathCause.Recycle)]
    [InlineData(DeathCause.Unknown)]
    public void A_death_of_nobodys_making_convicts_nobody(DeathCause cause)
    {
        var rig = new DispatcherRig(new DispatcherOptions { QuarantineAfter = 1 });
        var entry = rig.Submit(options: Idempotent, attempts: 100);
        for (var incarnation = 1; incarnation <= 10; incarnation++)
        {
            CrashOn(rig, incarnation, entry, cause);
        }

        Assert.Equal((TaskPhase.Queued, false, 0), (entry.Phase, entry.IsSuspect, entry.Convictions));
    }

    [Theory]
    [InlineData(DeathCause.Crash)]
    [InlineData(DeathCause.Exit)]
    [InlineData(DeathCause.OutOfMemory)]
    [InlineData(DeathCause.Hang)]
    [InlineData(DeathCause.Limit)]
    public void A_death_of_the_workers_own_making_convicts_the_task_that_ran_alone(DeathCause cause)
    {
        var rig = new DispatcherRig(new DispatcherOptions { QuarantineAfter = 1 });
        var entry = rig.Submit(options: Idempotent);
        CrashOn(rig, 1, entry, cause);
        Assert.Equal(TaskFailureKind.Quarantined, entry.LastFailure!.Kind);
    }

    [Fact]
    public void A_worker_that_drained_because_somebody_sent_it_SIGTERM_convicts_nobody()
    {
        var rig = new DispatcherRig(new DispatcherOptions { QuarantineAfter = 1 });
        var endpoint = rig.Open();
        var entry = rig.Submit(options: Idempotent);
        rig.Pump(endpoint);
        rig.Crash(endpoint, DispatcherRig.Page(endpoint, 1, entry.Sequence).Stage(LedgerStage.Draining).Read(), DeathCause.Exit);
        Assert.Equal((TaskPhase.Queued, false), (entry.Phase, entry.IsSuspect));
    }

    [Fact]
    public void Tasks_that_waited_had_finished_or_were_never_sent_are_no_suspects()
    {
        var rig = new DispatcherRig();
        var endpoint = rig.Open(concurrency: 3);
        var tasks = Enumerable.Range(0, 4).Select(_ => rig.Submit(options: Idempotent)).ToList();
        rig.Pump(endpoint);
        var page = DispatcherRig.Page(endpoint, 2, tasks[0].Sequence).Lane(1, endpoint.SessionKey, tasks[1].Sequence, LaneState.Finished);

        rig.Crash(endpoint, page.Read());

        Assert.Equal([true, false, false, false], tasks.Select(static t => t.IsSuspect));
        Assert.Equal([1, 0, 0, 0], tasks.Select(static t => t.Convictions));
    }

    [Fact]
    [Trait("Scenario", "16")]
    public void Suspects_that_shared_a_worker_are_not_convicted_but_tried_again_alone()
    {
        var rig = new DispatcherRig();
        var endpoint = rig.Open(concurrency: 3);
        var suspects = Enumerable.Range(0, 3).Select(_ => rig.Submit(options: Idempotent)).ToList();
        rig.Pump(endpoint);
        rig.Crash(endpoint, Evidence(endpoint, [.. suspects]));
        var other = rig.Submit();

        Assert.All(suspects, static s => Assert.Equal((true, 0), (s.IsSuspect, s.Convictions)));
        var next = rig.Open(concurrency: 3, incarnation: 2);
        for (var i = 0; i < suspects.Count; i++)
        {
            var alone = Assert.Single(rig.Pump(next));
            Assert.Contains(alone, suspects);
            rig.Succeed(alone);
        }

        Assert.Equal([other], rig.Pump(next));
        Assert.All(suspects, static s => Assert.Equal(TaskPhase.Done, s.Phase));
    }

    [Fact]
    public void The_guilty_among_suspects_needs_two_deaths_alone()
    {
        var rig = new DispatcherRig();
        var first = rig.Open(concurrency: 2);
        var guilty = rig.Submit(options: Idempotent, attempts: 100);
        var innocent = rig.Submit(options: Idempotent);
        rig.Pump(first);
        rig.Crash(first, Evidence(first, guilty, innocent));
        for (var incarnation = 2; incarnation <= 3; incarnation++)
        {
            var endpoint = rig.Open(concurrency: 2, incarnation: incarnation);
            while (rig.Pump(endpoint) is [var alone])
            {
                if (alone == guilty)
                {
                    rig.Crash(endpoint, Evidence(endpoint, guilty));
                    break;
                }

                rig.Succeed(innocent);
            }
        }

        Assert.Equal((TaskFailureKind.Quarantined, 3), (guilty.LastFailure!.Kind, guilty.LastFailure.Deaths.Length));
        Assert.Equal((TaskPhase.Done, 0), (innocent.Phase, innocent.Convictions));
    }

    [Fact]
    public void A_task_of_another_client_in_a_lane_of_the_worker_is_a_suspect_too()
    {
        var rig = new DispatcherRig();
        var endpoint = rig.Open(concurrency: 2);
        var entry = rig.Submit(options: Idempotent);
        rig.Pump(endpoint);
        rig.Crash(endpoint, DispatcherRig.Page(endpoint, 1, entry.Sequence).Lane(1, 0, 0, LaneState.Running).Read());
        Assert.Equal((true, 0), (entry.IsSuspect, entry.Convictions));
    }

    [Theory]
    [InlineData(1, true, 1)]
    [InlineData(2, true, 0)]
    [InlineData(1, false, 1)]
    [InlineData(2, false, 0)]
    public void Without_a_ledger_everything_that_was_sent_is_a_suspect(int tasks, bool prefetches, int convictions)
    {
        var rig = new DispatcherRig();
        var endpoint = rig.Open(concurrency: 2, prefetches: prefetches);
        var entries = Enumerable.Range(0, tasks).Select(_ => rig.Submit(options: Idempotent)).ToList();
        rig.Pump(endpoint);
        rig.Crash(endpoint, LedgerEvidence.None);
        Assert.All(entries, e => Assert.Equal((true, convictions), (e.IsSuspect, e.Convictions)));
    }

    [Fact]
    public void A_suspect_waits_for_a_worker_that_gets_nothing_more_and_the_others_go_on()
    {
        var rig = new DispatcherRig();
        var crashed = rig.Open(concurrency: 2);
        var suspect = rig.Submit(options: Idempotent);
        rig.Pump(crashed);
        rig.End(crashed);
        rig.Dispatcher.WorkerDied(DispatcherRig.DeathOf(crashed, Evidence(crashed, suspect), DeathCause.Crash), rig.Now);
        EndpointState[] busy = [rig.Open(1, concurrency: 2), rig.Open(2, concurrency: 2)];
        for (var i = 0; i < 8; i++)
        {
            rig.Submit();
        }

        rig.Pump(busy[0]);
        rig.Pump(busy[1]);

        Assert.True(rig.Dispatcher.Resubmit(suspect, rig.Now));
        var emptying = Assert.Single(busy, static e => e.Emptying);
        var going = Assert.Single(busy, static e => !e.Emptying);
        rig.Succeed(emptying.InFlight.InOrder()[0]);
        Assert.Empty(rig.Pump(emptying));
        rig.Succeed(going.InFlight.InOrder()[0]);
        Assert.Single(rig.Pump(going));
        rig.Succeed(emptying.InFlight.InOrder()[0]);
        Assert.Equal([suspect], rig.Pump(emptying));
        rig.Succeed(suspect);
        Assert.NotEmpty(rig.Pump(emptying));
    }

    [Fact]
    public void A_worker_that_was_emptied_for_a_suspect_that_is_cancelled_takes_tasks_again()
    {
        var rig = new DispatcherRig();
        var crashed = rig.Open(concurrency: 2);
        var suspect = rig.Submit(options: Idempotent);
        rig.Pump(crashed);
        rig.End(crashed);
        rig.Dispatcher.WorkerDied(DispatcherRig.DeathOf(crashed, Evidence(crashed, suspect), DeathCause.Crash), rig.Now);
        var busy = rig.Open(1, concurrency: 2);
        rig.Submit();
        rig.Pump(busy);
        rig.Dispatcher.Resubmit(suspect, rig.Now);
        var next = rig.Submit();
        Assert.True(busy.Emptying);
        Assert.Empty(rig.Pump(busy));

        Assert.True(rig.Dispatcher.Cancel(suspect, rig.Now));

        Assert.False(busy.Emptying);
        Assert.Equal([next], rig.Pump(busy));
    }

    [Fact]
    public void The_list_forgets_the_oldest_first()
    {
        var quarantine = new Quarantine();
        for (var i = 0; i <= Quarantine.MaxTasks; i++)
        {
            quarantine.Add(new QuarantinedTask($"task-{i}", "work", []));
        }

        Assert.Equal(Quarantine.MaxTasks, quarantine.Count);
        Assert.Null(quarantine.Find("task-0"));
        Assert.Equal("task-1", quarantine.All()[0].Id);
    }

    private static LedgerEvidence Evidence(EndpointState endpoint, params TaskEntry[] running) =>
        DispatcherRig.Evidence(endpoint, endpoint.LastSequence, [.. running.Select(static r => r.Sequence)]);

    private static void CrashOn(DispatcherRig rig, int incarnation, TaskEntry entry, DeathCause cause = DeathCause.Crash, int concurrency = 1)
    {
        var endpoint = rig.Open(concurrency: concurrency, incarnation: incarnation);
        Assert.Equal([entry], rig.Pump(endpoint));
        rig.Crash(endpoint, Evidence(endpoint, entry), cause);
    }
}
