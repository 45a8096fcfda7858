using CsCheck;

namespace WorkerHost.Client.Tests;

/// <summary>Payloads too large for a frame: what goes ahead of them in pieces, and what that means for the others.</summary>
public sealed class DispatcherPieceTests
{
    private const int FrameBytes = 64 * 1024;

    private readonly DispatcherRig rig = new();
    private readonly FrameContent frame = new();

    [Fact]
    public void Small_tasks_do_not_wait_behind_a_large_one()
    {
        var endpoint = Open();
        var large = rig.Submit(bytes: 1_000_000);
        Take(endpoint);
        Assert.Empty(frame.Tasks);
        Assert.NotEmpty(frame.Pieces);
        var small = rig.Submit();
        Take(endpoint);
        Assert.Equal([small], frame.Tasks);
        Assert.NotEmpty(frame.Pieces);
        Assert.True(small.Written);
        Assert.False(large.Written);
        while (!large.Written)
        {
            Take(endpoint);
        }

        Assert.True(large.Sequence > small.Sequence, "the ledger counts starts by sequence: it has its place where it is complete");
    }

    [Fact]
    [Trait("Scenario", "50")]
    public void While_a_large_one_travels_its_lane_runs_what_is_known_to_be_short()
    {
        var endpoint = Open(rig, concurrency: 1);
        Learn(endpoint, "short");
        var large = rig.Submit(bytes: 1_000_000);
        Take(endpoint);
        var short1 = rig.Submit("short");
        var unknown = rig.Submit("unknown");
        Assert.Equal(TaskPhase.Queued, unknown.Phase);
        Assert.True(rig.Dispatcher.Cancel(unknown, rig.Now));
        Take(endpoint);
        Assert.Equal([short1], frame.Tasks);
        rig.Succeed(short1);
        Assert.Equal(1, endpoint.Travelling);

        while (!large.Written)
        {
            Take(endpoint);
        }

        // How long it takes nobody knows.
        Assert.Equal(0, endpoint.Travelling);
        var behind = rig.Submit("short");
        Assert.Equal(TaskPhase.Queued, behind.Phase);
        rig.Succeed(large);
        Assert.Equal(TaskPhase.Sent, behind.Phase);
    }

    [Fact]
    public void Large_ones_do_not_crowd_on_one_worker_while_they_travel()
    {
        var endpoint = Open(rig, concurrency: 1);
        Learn(endpoint, "large");
        var tasks = Enumerable.Range(0, 5).Select(_ => rig.Submit("large", bytes: 1_000_000)).ToList();
        Assert.Equal(2, tasks.Count(static t => t.Phase == TaskPhase.Sent));
        Assert.True(rig.Dispatcher.Cancel(tasks[0], rig.Now));
        Assert.Equal((2, TaskPhase.Sent), (endpoint.Travelling, tasks[2].Phase));
    }

    [Fact]
    public void Large_tasks_do_not_wait_for_ever_behind_small_ones()
    {
        var endpoint = Open();
        var large = rig.Submit(bytes: 1_000_000);
        for (var frames = 0; !large.Written; frames++)
        {
            Assert.InRange(frames, 0, 2 * 1_000_000 / FrameBytes + 2);
            while (endpoint.Outbox.Count < 40)
            {
                // Half a frame is theirs, and these fill it.
                rig.Submit(bytes: 1000);
            }

            Take(endpoint);
            Assert.InRange(frame.Tasks.Where(t => t != large).Sum(static t => t.WireBytes) + frame.Pieces.Append(frame.LastPiece).Sum(static p => p.Data.Length), 1, FrameBytes);
            frame.Tasks.ForEach(t => rig.Succeed(t));
        }
    }

    [Fact]
    public void Pieces_make_the_payload_and_sequences_rise_whatever_is_sent() =>
        Gen.Select(Gen.OneOf(Gen.Int[0, 2000], Gen.Int[0, 300_000]).Array[1, 30], Gen.Int[ProtocolLimits.MinFrameBytes, FrameBytes], Gen.Int[0, 5]).Sample(
            static (sizes, frameBytes, cancelEvery) =>
            {
                var rig = new DispatcherRig();
                var endpoint = Open(rig);
                var tasks = sizes.Select(size =>
                {
                    var task = rig.Make(bytes: size);
                    new Random(size).NextBytes(System.Runtime.InteropServices.MemoryMarshal.AsMemory(task.Data).Span);
                    Assert.Null(rig.TrySubmit(task));
                    return task;
                }).ToList();
                var payloads = tasks.ToDictionary(static t => t, static t => t.Data.ToArray());
                var received = new HashSet<TaskEntry>();
                var partial = new PartialPayloads(1 << 20);
                var frame = new FrameContent();
                ulong last = 0;
                for (var count = 1; rig.Dispatcher.TakeFrame(endpoint, frameBytes, frame, rig.Now); count++)
                {
                    foreach (var piece in frame.Pieces)
                    {
                        if (piece.IsAbandoned)
                        {
                            partial.Abandon(piece.Upload);
                        }
                        else
                        {
                            partial.Add(piece.Upload, (ulong)piece.Offset, piece.Data.Span, (ulong)piece.TotalBytes);
                        }
                    }

                    foreach (var task in frame.Tasks)
                    {
                        var data = task == frame.Uploaded && frame.LastPiece is { Offset: > 0 } piece
                            ? partial.Complete(piece.Upload, piece.Data.Span, (ulong)piece.TotalBytes)!
                            : task.Data.ToArray();
                        Assert.Equal(payloads[task], data);
                        Assert.True(task.Sequence > last);
                        last = task.Sequence;
                        Assert.True(received.Add(task));
                    }

                    frame.Clear();
                    if (cancelEvery > 0 && count % cancelEvery == 0 && tasks.Find(static t => t is { Written: false, Completed: false }) is { } unlucky)
                    {
                        rig.Dispatcher.Cancel(unlucky, rig.Now);
                    }
                }

                Assert.Equal(0, partial.Count);
                Assert.Equal(tasks.Where(static t => !t.Completed).ToHashSet(), received);
            },
            iter: 500,
            threads: 1);

    [Fact]
    public void A_task_that_is_cancelled_on_its_way_ends_at_once_and_its_pieces_are_forgotten()
    {
        var endpoint = Open();
        var large = rig.Submit(bytes: 1_000_000);
        Take(endpoint);
        rig.Dispatcher.Cancel(large, rig.Now);
        Assert.Equal("Pump QueueFell Complete(Cancelled) Settle", rig.Told());
        Take(endpoint);
        Assert.Equal(1UL, Assert.Single(frame.Pieces, static p => p.IsAbandoned).Upload);
        Assert.False(rig.Dispatcher.TakeFrame(endpoint, FrameBytes, Cleared(), rig.Now));
    }

    [Fact]
    public void A_task_whose_worker_dies_before_it_has_all_of_it_never_started_and_is_sent_again_from_its_beginning()
    {
        var endpoint = Open();
        var large = rig.Submit(bytes: 1_000_000);
        var small = rig.Submit();
        Take(endpoint);
        rig.EndAndDie(endpoint, DispatcherRig.Evidence(endpoint, small.Sequence, small.Sequence));
        Assert.Equal((TaskPhase.Queued, 1), (large.Phase, large.Attempt));
        var other = Open(slot: 1);
        Take(other);
        Assert.Equal(0, frame.Pieces[0].Offset);
    }

    [Fact]
    public void The_task_that_runs_is_known_while_a_larger_one_is_on_its_way()
    {
        var endpoint = Open();
        rig.Submit(bytes: 1_000_000);
        var small = rig.Submit();
        Take(endpoint);
        Assert.Equal([small], endpoint.InLaneOrder().Take(1));
    }

    [Fact]
    public void An_endpoint_that_takes_no_pieces_gets_a_large_task_whole()
    {
        var endpoint = rig.Open(concurrency: 100);
        var large = rig.Submit(bytes: 1_000_000);
        Take(endpoint);
        Assert.Equal([large], frame.Tasks);
        Assert.Null(frame.Uploaded);
    }

    private EndpointState Open(int slot = 0) => Open(rig, slot);

    private static EndpointState Open(DispatcherRig rig, int slot = 0, int concurrency = 100)
    {
        var endpoint = new EndpointState(rig.Endpoint(slot).Worker, (ulong)(1000 + slot * 100 + 1), concurrency, supervised: true, prefetches: true) { TakesPieces = true };
        rig.Dispatcher.EndpointOpened(endpoint, rig.Now);
        return endpoint;
    }

    private void Learn(EndpointState endpoint, string name)
    {
        var task = rig.Submit(name);
        rig.Pump(endpoint);
        rig.Succeed(task, microseconds: 10);
    }

    private FrameContent Cleared()
    {
        frame.Clear();
        return frame;
    }

    private void Take(EndpointState endpoint) => Assert.True(rig.Dispatcher.TakeFrame(endpoint, FrameBytes, Cleared(), rig.Now));
}
