namespace WorkerHost.Client.Tests;

/// <summary>What the dispatcher does with what tasks say before their end.</summary>
public sealed class DispatcherStreamTests
{
    private readonly DispatcherRig rig = new();

    [Fact]
    public void An_item_finds_its_task_and_one_of_a_task_that_has_ended_finds_none()
    {
        var endpoint = rig.Open();
        var entry = Stream();
        rig.Pump(endpoint);
        rig.Decided();

        Assert.Same(entry, Item(endpoint, entry.Sequence));
        rig.Succeed(entry);
        Assert.Null(Item(endpoint, entry.Sequence));
        Assert.Equal("Complete(ok) Settle", rig.Told());
    }

    [Fact]
    public void What_a_task_says_that_its_caller_has_cancelled_is_dropped()
    {
        var endpoint = rig.Open();
        var entry = Stream();
        rig.Pump(endpoint);
        rig.Dispatcher.Cancel(entry, rig.Now);

        Assert.Null(Item(endpoint, entry.Sequence));
        Assert.False(entry.HasYielded);
    }

    [Fact]
    public void Of_a_task_that_was_never_sent_nothing_can_be_said()
    {
        var endpoint = rig.Open();
        Stream();
        rig.Decided();

        // Not written yet: it cannot speak.
        Assert.Null(Item(endpoint, 1));
        Assert.Equal("it spoke of sequence 1, which was never sent", Assert.Single(rig.Decided()).Reason);
        Assert.Null(Item(endpoint, 7));
        Assert.Equal(DispatchActionKind.Abort, Assert.Single(rig.Decided()).Kind);
    }

    [Fact]
    public void Who_asked_for_items_hears_no_reports_and_the_other_way_round()
    {
        var endpoint = rig.Open(concurrency: 2);
        var stream = Stream();
        var plain = rig.Submit();
        rig.Pump(endpoint);

        Assert.Null(rig.Dispatcher.Heard(endpoint, stream.Sequence, isItem: false, isWhole: true));
        Assert.Null(Item(endpoint, plain.Sequence));
        Assert.False(plain.HasYielded);
    }

    [Theory]
    [InlineData(false, "AttemptFailed(WorkerLost)")]
    [InlineData(true, "Complete(WorkerLost) Settle")]
    public void A_death_before_the_first_item_is_tried_again_and_one_after_it_is_not(bool afterAnItem, string told)
    {
        var endpoint = rig.Open();
        var entry = Stream(new TaskOptions { Idempotent = true });
        rig.Pump(endpoint);
        if (afterAnItem)
        {
            Item(endpoint, entry.Sequence);
        }

        rig.Decided();
        rig.EndAndDie(endpoint);
        Assert.Contains(told, rig.Told(), StringComparison.Ordinal);
    }

    [Fact]
    public void The_first_part_of_an_item_is_no_item()
    {
        var endpoint = rig.Open();
        var entry = Stream(new TaskOptions { Idempotent = true });
        rig.Pump(endpoint);
        Assert.Same(entry, rig.Dispatcher.Heard(endpoint, entry.Sequence, isItem: true, isWhole: false));

        rig.Decided();
        rig.EndAndDie(endpoint);
        Assert.Contains("AttemptFailed(WorkerLost)", rig.Told(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_failure_worth_another_try_is_final_once_an_item_was_given_and_says_so()
    {
        var endpoint = rig.Open();
        var entry = Stream();
        rig.Pump(endpoint);
        Item(endpoint, entry.Sequence);
        rig.Decided();
        rig.Fail(entry, DispatcherRig.HandlerThrew(retryable: true));

        Assert.False(entry.MayRetry);
        Assert.Contains("its caller has been given items of it", entry.LastFailure!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_worker_that_gives_a_task_back_of_which_it_has_sent_items_does_not_make_it_run_again()
    {
        var endpoint = rig.Open();
        var entry = Stream(new TaskOptions { Idempotent = true });
        rig.Pump(endpoint);
        Item(endpoint, entry.Sequence);
        rig.Decided();
        rig.Recall(endpoint, entry.Sequence);

        Assert.Contains("Complete(TaskFailed) Settle", rig.Told(), StringComparison.Ordinal);
        Assert.Contains("although it had sent items", entry.LastFailure!.Message, StringComparison.Ordinal);
        Assert.Equal(0, rig.Dispatcher.Queued);
    }

    [Fact]
    public void Nor_does_a_ledger_that_calls_it_never_started()
    {
        var endpoint = rig.Open();
        var entry = Stream(new TaskOptions { Idempotent = true });
        rig.Pump(endpoint);
        Item(endpoint, entry.Sequence);
        rig.Decided();
        rig.End(endpoint);
        rig.Die(endpoint, DispatcherRig.Evidence(endpoint, started: 0));

        Assert.Contains("Complete(WorkerLost) Settle", rig.Told(), StringComparison.Ordinal);
        Assert.Equal(StartVerdict.Unknown, entry.LastFailure!.Verdict);
    }

    [Fact]
    public void Room_is_given_where_the_task_is_and_nowhere_once_it_has_ended()
    {
        var endpoint = rig.Open();
        var entry = Stream();
        rig.Dispatcher.Grant(entry, 1, 1);
        var frame = new FrameContent();
        Assert.True(rig.Dispatcher.TakeFrame(endpoint, 1000, frame, rig.Now));
        Assert.Empty(frame.Grants);
        frame.Clear();
        Assert.False(rig.Dispatcher.TakeFrame(endpoint, 1000, frame, rig.Now));
        rig.Decided();

        rig.Dispatcher.Grant(entry, 5, 500);
        Assert.Equal("Pump", rig.Told());
        Assert.True(rig.Dispatcher.TakeFrame(endpoint, 1000, frame, rig.Now));
        Assert.Equal([new StreamGrant(entry.Sequence, 5, 500)], frame.Grants);
        frame.Clear();
        Assert.False(rig.Dispatcher.TakeFrame(endpoint, 1000, frame, rig.Now));

        rig.Succeed(entry);
        rig.Decided();
        rig.Dispatcher.Grant(entry, 5, 500);
        Assert.Equal("", rig.Told());
    }

    [Fact]
    public void Nothing_is_sent_ahead_behind_a_stream_and_it_teaches_nothing_of_how_long_tasks_take()
    {
        var endpoint = rig.Open();
        for (var i = 0; i < 50; i++)
        {
            var known = rig.Submit("short");
            rig.Pump(endpoint);
            rig.Succeed(known, microseconds: 5);
        }

        // What is known to be short goes behind what is short, and not behind a stream.
        rig.Submit("short");
        rig.Submit("short");
        Assert.Equal(2, rig.Pump(endpoint).Count);
        foreach (var running in endpoint.InFlight.InOrder())
        {
            rig.Succeed(running, microseconds: 5);
        }

        var stream = Stream(name: "short");
        var behind = rig.Submit("short");
        Assert.Equal([stream], rig.Pump(endpoint));
        Assert.Equal(TaskPhase.Queued, behind.Phase);
        rig.Succeed(stream, microseconds: 60_000_000);
        Assert.InRange(stream.Service!.Microseconds, 0, 100);
    }

    private TaskEntry Stream(TaskOptions? options = null, string name = "work")
    {
        var entry = rig.Make(name, options);
        entry.Feed = new TaskFeed(new ItemBuffer(10, 1000), progress: null);
        Assert.Null(rig.TrySubmit(entry));
        return entry;
    }

    private TaskEntry? Item(EndpointState endpoint, ulong sequence) => rig.Dispatcher.Heard(endpoint, sequence, isItem: true, isWhole: true);
}
