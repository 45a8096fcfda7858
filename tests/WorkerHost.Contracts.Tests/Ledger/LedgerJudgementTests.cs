namespace WorkerHost.Contracts.Tests;

public sealed class LedgerJudgementTests
{
    private const ulong Session = 0xABCD;

    [Fact]
    [Trait("Scenario", "13")]
    public void A_task_above_every_start_mark_was_never_started()
    {
        using var ledger = new LedgerFile(lanes: 1);
        var track = ledger.Page.OpenTrack(Session);
        Assert.Equal(StartVerdict.NeverStarted, ledger.Evidence().Judge(Session, 1));
        ledger.Page.Start(0, track, Session, 1);
        Assert.Equal(StartVerdict.NeverStarted, ledger.Evidence().Judge(Session, 2));
    }

    [Fact]
    [Trait("Scenario", "13")]
    public void A_task_in_a_lane_is_the_suspect_and_afterwards_it_ran_to_completion()
    {
        using var ledger = new LedgerFile(lanes: 1);
        var track = ledger.Page.OpenTrack(Session);
        ledger.Page.Start(0, track, Session, 1);
        Assert.Equal(StartVerdict.Running, ledger.Evidence().Judge(Session, 1));
        ledger.Page.Finish(0);
        Assert.Equal(StartVerdict.Finished, ledger.Evidence().Judge(Session, 1));
        Assert.Equal(1, ledger.Evidence().Finished);
    }

    [Fact]
    public void With_two_lanes_each_running_task_is_a_suspect_and_of_one_whose_lane_was_taken_nothing_more_is_known()
    {
        using var ledger = new LedgerFile(lanes: 2);
        var track = ledger.Page.OpenTrack(Session);
        ledger.Page.Start(0, track, Session, 1);
        ledger.Page.Start(1, track, Session, 2);
        ledger.Page.Finish(0);
        ledger.Page.Start(0, track, Session, 3);

        var evidence = ledger.Evidence();
        Assert.Equal(StartVerdict.Passed, evidence.Judge(Session, 1));
        Assert.Equal(StartVerdict.Running, evidence.Judge(Session, 2));
        Assert.Equal(StartVerdict.Running, evidence.Judge(Session, 3));
        Assert.Equal(StartVerdict.NeverStarted, evidence.Judge(Session, 4));
    }

    [Fact]
    public void The_start_mark_never_goes_back()
    {
        using var ledger = new LedgerFile(lanes: 2);
        var track = ledger.Page.OpenTrack(Session);
        ledger.Page.Start(1, track, Session, 9);
        ledger.Page.Start(0, track, Session, 8);
        ledger.Page.Finish(0);
        ledger.Page.Finish(1);
        Assert.Equal(StartVerdict.Finished, ledger.Evidence().Judge(Session, 9));
    }

    [Fact]
    public async Task Marks_of_two_lanes_made_at_once_keep_the_highest()
    {
        using var ledger = new LedgerFile(lanes: 2);
        var track = ledger.Page.OpenTrack(Session);
        const ulong last = 200_000;
        await Task.WhenAll(Enumerable.Range(0, 2).Select(lane => Task.Run(() =>
        {
            for (var sequence = (ulong)lane + 1; sequence <= last; sequence += 2)
            {
                ledger.Page.Start(lane, track, Session, sequence);
                ledger.Page.Finish(lane);
            }
        })));
        Assert.Equal(StartVerdict.Finished, ledger.Evidence().Judge(Session, last));
        Assert.Equal(StartVerdict.NeverStarted, ledger.Evidence().Judge(Session, last + 1));
        Assert.Equal((long)last, ledger.Evidence().Finished);
    }

    [Fact]
    public void Of_another_session_nothing_is_known()
    {
        using var ledger = new LedgerFile(lanes: 1);
        ledger.Page.Start(0, ledger.Page.OpenTrack(Session), Session, 1);
        Assert.Equal(StartVerdict.Unknown, ledger.Evidence().Judge(Session + 1, 1));
    }

    [Fact]
    public void Of_unary_calls_nothing_is_known_because_they_share_their_key()
    {
        using var ledger = new LedgerFile(lanes: 1);
        ledger.Page.Start(0, -1, 0, 1);
        Assert.Equal(StartVerdict.Unknown, ledger.Evidence().Judge(0, 1));
        Assert.Equal(1, ledger.Evidence().RunningLanes);
    }

    [Fact]
    public void Without_a_ledger_nothing_is_known()
    {
        Assert.False(LedgerEvidence.None.HasLedger);
        Assert.Null(LedgerEvidence.None.Finished);
        Assert.Equal(StartVerdict.Unknown, LedgerEvidence.None.Judge(Session, 1));
    }

    [Fact]
    public void A_session_beyond_the_last_track_is_judged_by_the_lanes_alone()
    {
        using var ledger = new LedgerFile(lanes: 2);
        for (var i = 0; i < LedgerLayout.TrackCount; i++)
        {
            Assert.Equal(i, ledger.Page.OpenTrack(100 + (ulong)i));
        }

        var none = ledger.Page.OpenTrack(Session);
        Assert.Equal(-1, none);
        ledger.Page.Start(0, none, Session, 1);
        Assert.Equal(StartVerdict.Running, ledger.Evidence().Judge(Session, 1));
        Assert.Equal(StartVerdict.Unknown, ledger.Evidence().Judge(Session, 2));
        ledger.Page.Finish(0);
        Assert.Equal(StartVerdict.Finished, ledger.Evidence().Judge(Session, 1));
        ledger.Page.CloseTrack(none);
        Assert.Equal(-1, ledger.Page.OpenTrack(Session));
    }

    [Fact]
    public void A_closed_sessions_marks_stay_readable_until_the_last_free_track_is_taken()
    {
        using var ledger = new LedgerFile(lanes: 1);
        var track = ledger.Page.OpenTrack(Session);
        ledger.Page.Start(0, track, Session, 5);
        ledger.Page.Finish(0);
        ledger.Page.CloseTrack(track);
        for (var i = 1; i < LedgerLayout.TrackCount; i++)
        {
            ledger.Page.OpenTrack(100 + (ulong)i);
            Assert.Equal(StartVerdict.NeverStarted, ledger.Evidence().Judge(Session, 6));
        }

        Assert.Equal(track, ledger.Page.OpenTrack(200));
        Assert.Equal(StartVerdict.Unknown, ledger.Evidence().Judge(Session, 6));
        Assert.Equal(StartVerdict.NeverStarted, ledger.Evidence().Judge(200, 1));
    }

    [Fact]
    public void Of_several_closed_sessions_the_oldest_gives_up_its_track()
    {
        using var ledger = new LedgerFile(lanes: 1);
        for (var i = 0; i < LedgerLayout.TrackCount; i++)
        {
            ledger.Page.OpenTrack(100 + (ulong)i);
        }

        ledger.Page.CloseTrack(3);
        ledger.Page.CloseTrack(1);
        Assert.Equal(3, ledger.Page.OpenTrack(200));
        Assert.Equal(1, ledger.Page.OpenTrack(201));
        Assert.Equal(-1, ledger.Page.OpenTrack(202));
    }

    [Fact]
    public void Stage_and_heartbeat_are_read_back()
    {
        using var ledger = new LedgerFile(lanes: 1);
        Assert.Equal(LedgerStage.Created, ledger.Evidence().Stage);
        ledger.Page.Stage(LedgerStage.WarmedUp);
        ledger.Page.Beat();
        ledger.Page.Beat();
        Assert.Equal(LedgerStage.WarmedUp, ledger.Evidence().Stage);
        Assert.Equal(2UL, ledger.Evidence().Heartbeat);
    }
}
