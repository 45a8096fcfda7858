namespace WorkerHost.Client.Tests;

/// <summary>What a task's attempts tell: where, from when until when, how each ended, and by which evidence.</summary>
public sealed class AttemptHistoryTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly DispatcherRig rig = new(new DispatcherOptions { Anchor = (0, Start) }) { Now = 1 };

    [Fact]
    public void An_attempt_that_succeeded_tells_when_it_was_sent_and_ended()
    {
        var endpoint = rig.Open();
        var entry = rig.Submit();
        var waiting = Assert.Single(rig.Dispatcher.HistoryOf(entry));
        At(1, () => rig.Pump(endpoint));
        var running = Assert.Single(rig.Dispatcher.HistoryOf(entry));
        At(3, () => rig.Succeed(entry));
        var ended = Assert.Single(rig.Dispatcher.HistoryOf(entry));

        Assert.Equal((null, null, AttemptEnd.UnderWay), (waiting.SentAt, waiting.EndedAt, waiting.End));
        Assert.Equal((Start.AddSeconds(1), null, AttemptEnd.UnderWay), (running.SentAt, running.EndedAt, running.End));
        Assert.Equal((Start.AddSeconds(1), Start.AddSeconds(3), AttemptEnd.Succeeded), (ended.SentAt, ended.EndedAt, ended.End));
        Assert.Equal(ended, Assert.Single(rig.Dispatcher.HistoryOf(entry)));
    }

    [Fact]
    public void Lost_failed_and_successful_attempts_stand_in_order_and_none_begins_before_the_end_of_the_last()
    {
        var entry = rig.Submit(options: new TaskOptions { Idempotent = true });
        for (var incarnation = 1; incarnation <= 3; incarnation++)
        {
            var endpoint = rig.Open(incarnation: incarnation);
            At(incarnation * 10, () => rig.Pump(endpoint));
            switch (incarnation)
            {
                case 1:
                    At(11, () => rig.End(endpoint));
                    At(12, () => rig.Die(endpoint, DispatcherRig.Evidence(endpoint, 1, 1)));
                    break;
                case 2:
                    At(21, () => rig.Fail(entry, DispatcherRig.HandlerThrew(retryable: true)));
                    rig.Dispatcher.EndpointDraining(endpoint);
                    break;
                default:
                    At(31, () => rig.Succeed(entry));
                    break;
            }

            rig.Dispatcher.Resubmit(entry, rig.Now);
        }

        var history = rig.Dispatcher.HistoryOf(entry);
        Assert.Equal([(1, AttemptEnd.Lost), (2, AttemptEnd.Failed), (3, AttemptEnd.Succeeded)], history.Select(static a => (a.Number, a.End)));
        Assert.Equal([12, 21, 31], history.Select(static a => (a.EndedAt - Start)!.Value.TotalSeconds));
        Assert.Equal((StartVerdict.Running, "SIGKILL"), (history[0].Failure!.Verdict, history[0].Death!.Signal));
        Assert.Null(history[1].Failure!.Verdict);
        Assert.All(history.Zip(history.Skip(1)), static p => Assert.True(p.First.EndedAt <= p.Second.SentAt));
    }

    [Fact]
    public void A_task_that_came_back_unstarted_has_no_attempt_until_it_is_sent_again()
    {
        var endpoint = rig.Open();
        var entry = rig.Submit();
        rig.Pump(endpoint);
        rig.EndAndDie(endpoint, DispatcherRig.Evidence(endpoint, 0));
        Assert.Empty(rig.Dispatcher.HistoryOf(entry));
        rig.Dispatcher.OutlookChanged(new WorkerOutlook(true, null, null));
        Assert.Empty(rig.Dispatcher.HistoryOf(entry));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void An_attempt_of_a_cancelled_task_is_under_way_until_its_handler_returns_or_its_worker_is_gone(bool heeds)
    {
        var endpoint = rig.Open();
        var entry = rig.Submit();
        rig.Pump(endpoint);
        rig.Dispatcher.Cancel(entry, rig.Now);
        Assert.Equal(AttemptEnd.UnderWay, Assert.Single(rig.Dispatcher.HistoryOf(entry)).End);

        if (heeds)
        {
            rig.Succeed(entry);
        }
        else
        {
            rig.EndAndDie(endpoint, DispatcherRig.Evidence(endpoint, 1, 1));
        }

        Assert.Equal(heeds ? AttemptEnd.Stopped : AttemptEnd.Lost, Assert.Single(rig.Dispatcher.HistoryOf(entry)).End);
    }

    [Fact]
    public void A_task_that_was_never_sent_has_no_attempts()
    {
        var entry = rig.Submit();
        rig.Dispatcher.Cancel(entry, rig.Now);
        Assert.Empty(rig.Dispatcher.HistoryOf(entry));
        var taken = rig.Submit();
        rig.Open();
        rig.Dispatcher.Cancel(taken, rig.Now);
        Assert.Empty(rig.Dispatcher.HistoryOf(taken));
    }

    [Theory]
    [InlineData("running", StartVerdict.Running)]
    [InlineData("finished", StartVerdict.Finished)]
    [InlineData("passed", StartVerdict.Passed)]
    [InlineData("no track", StartVerdict.Unknown)]
    [InlineData("no ledger", StartVerdict.Unknown)]
    public void The_verdict_is_on_the_failure(string what, StartVerdict verdict)
    {
        var endpoint = rig.Open();
        var entry = rig.Submit();
        rig.Pump(endpoint);
        rig.EndAndDie(endpoint, what switch
        {
            "running" => DispatcherRig.Evidence(endpoint, 1, 1),
            "finished" => DispatcherRig.Page(endpoint, 1).Lane(0, endpoint.SessionKey, 1, LaneState.Finished).Read(),
            "passed" => DispatcherRig.Evidence(endpoint, 1),
            "no track" => new LedgerBytes(1, 1).Track(endpoint.SessionKey + 1, 5).Read(),
            _ => LedgerEvidence.None,
        });
        Assert.Equal((TaskFailureKind.WorkerLost, verdict), (entry.LastFailure!.Kind, entry.LastFailure.Verdict));
    }

    private void At(int seconds, Action what)
    {
        rig.Now = seconds * TimeSpan.TicksPerSecond;
        what();
    }
}
