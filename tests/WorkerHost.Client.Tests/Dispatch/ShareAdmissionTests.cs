using CsCheck;

namespace WorkerHost.Client.Tests;

/// <summary>One caller's flood leaves places for the others, and the queue's limits stay exact.</summary>
[Trait("Scenario", "49")]
[Trait("Scenario", "52")]
public sealed class ShareAdmissionTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 1)]
    [InlineData(3, 2)]
    [InlineData(10, 5)]
    [InlineData(1000, 500)]
    public void A_caller_may_have_as_many_tasks_waiting_as_it_leaves_free(int capacity, int expected)
    {
        var rig = new DispatcherRig(new DispatcherOptions { QueueCapacity = capacity });
        Assert.Equal(expected, Fill(rig, new CallerShare()));
    }

    [Fact]
    public void The_refusal_names_the_rule_with_its_figures_and_a_time_to_come_again()
    {
        var rig = new DispatcherRig(new DispatcherOptions { QueueCapacity = 10 });
        var flood = new CallerShare();
        Fill(rig, flood);

        var entry = rig.Make(share: flood);
        var refusal = rig.TrySubmit(entry)!;

        Assert.Equal((TaskFailureKind.Rejected, true), (refusal.Kind, refusal.NeverStarted));
        Assert.True(refusal.RetryAfter > TimeSpan.Zero);
        Assert.Contains("5 tasks with 40 bytes of this one wait, and there is room for 5", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("WorkerPoolOptions.QueueCapacity = 10", refusal.Message, StringComparison.Ordinal);
        Assert.True(rig.Dispatcher.WaitingHelps(entry, refusal));
    }

    [Fact]
    public void A_newcomer_gets_in_and_in_the_end_all_have_alike_much()
    {
        var rig = new DispatcherRig(new DispatcherOptions { QueueCapacity = 300 });
        var (flood, newcomer) = (new CallerShare(), new CallerShare());
        Assert.Equal(150, Fill(rig, flood));
        Assert.Equal(75, Fill(rig, newcomer));
        var endpoint = rig.Open();
        for (var i = 0; i < 300; i++)
        {
            rig.Pump(endpoint);
            rig.Succeed(endpoint.InFlight.InOrder()[0], 1_000_000);
            Fill(rig, flood);
            Fill(rig, newcomer);
        }

        Assert.InRange(flood.Tasks, 99, 101);
        Assert.InRange(newcomer.Tasks, 99, 101);
    }

    [Fact]
    public void The_program_that_owns_the_pool_may_use_all_of_it()
    {
        var rig = new DispatcherRig(new DispatcherOptions { QueueCapacity = 10 });
        Fill(rig, new CallerShare());
        Assert.Equal(5, Fill(rig, null));
        Assert.Contains("the queue is full: 10 tasks", rig.TrySubmit(rig.Make(share: new CallerShare()))!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Bytes_are_shared_like_places_and_one_task_of_any_size_that_fits_is_taken()
    {
        var rig = new DispatcherRig(new DispatcherOptions { QueueBytes = 100 });
        var (flood, other) = (new CallerShare(), new CallerShare());
        Assert.Null(rig.TrySubmit(rig.Make(share: flood, bytes: 30)));
        Assert.Null(rig.TrySubmit(rig.Make(share: flood, bytes: 20)));
        Assert.NotNull(rig.TrySubmit(rig.Make(share: flood, bytes: 1)));
        Assert.Null(rig.TrySubmit(rig.Make(share: flood, bytes: 0)));
        Assert.NotNull(rig.TrySubmit(rig.Make(share: other, bytes: 51)));
        Assert.Null(rig.TrySubmit(rig.Make(share: other, bytes: 50)));
    }

    [Fact]
    public void A_held_task_counts_for_its_caller_until_its_first_attempt_begins()
    {
        var rig = new DispatcherRig(new DispatcherOptions { QueueCapacity = 3 });
        var share = new CallerShare();
        var first = rig.Make(share: share);
        Assert.Null(rig.Dispatcher.Submit(first, rig.Now, hold: true));
        Assert.Null(rig.Dispatcher.Submit(rig.Make(share: share), rig.Now, hold: true));
        Assert.NotNull(rig.TrySubmit(rig.Make(share: share)));

        rig.Open();
        Assert.True(rig.Dispatcher.Resubmit(first, rig.Now));

        Assert.Equal(1, share.Tasks);
        Assert.Null(rig.TrySubmit(rig.Make(share: share)));
    }

    [Fact]
    public void While_a_lane_is_free_nobody_is_refused()
    {
        var rig = new DispatcherRig(new DispatcherOptions { QueueCapacity = 0 });
        rig.Open(concurrency: 5);
        Assert.Equal(5, Fill(rig, new CallerShare()));
    }

    /// <summary>Whatever comes from whom and whatever goes: the limits are exact, and the last place is for who has none.</summary>
    [Fact]
    public void The_last_places_are_for_those_who_have_none() =>
        Gen.Select(Gen.Int[1, 12], Gen.Select(Gen.Int[0, 5], Gen.Int[0, 40], Gen.Bool).Array[1, 150]).Sample(
            static (capacity, happenings) =>
            {
                const int bytes = 200;
                var rig = new DispatcherRig(new DispatcherOptions { QueueCapacity = capacity, QueueBytes = bytes });
                CallerShare[] shares = [.. Enumerable.Range(0, 5).Select(static _ => new CallerShare())];
                List<TaskEntry> waiting = [];
                foreach (var (who, size, comes) in happenings)
                {
                    if (!comes && waiting.Count > 0)
                    {
                        var leaving = waiting[size % waiting.Count];
                        waiting.Remove(leaving);
                        Assert.True(rig.Dispatcher.Cancel(leaving, rig.Now));
                        continue;
                    }

                    var share = who == 5 ? null : shares[who];
                    var (free, freeBytes) = (capacity - waiting.Count, bytes - waiting.Sum(static t => t.Bytes));
                    var its = waiting.FindAll(t => t.Share == share);
                    var entry = rig.Make(share: share, bytes: size);
                    var isTaken = rig.TrySubmit(entry) is null;
                    var fits = free > 0 && size <= freeBytes;
                    if (its.Count == 0 || share is null)
                    {
                        Assert.Equal(fits, isTaken);
                    }
                    else
                    {
                        Assert.False(isTaken && !fits);
                        Assert.True(!isTaken || free > 1, "the last place went to one who had one");
                        Assert.True(isTaken || its.Count >= free || its.Sum(static t => t.Bytes) + 2 * size > freeBytes, "one was refused who had less than it left");
                    }

                    if (isTaken)
                    {
                        waiting.Add(entry);
                    }

                    Assert.All(shares, s => Assert.Equal((waiting.Count(t => t.Share == s), waiting.Where(t => t.Share == s).Sum(static t => (long)t.Bytes)), (s.Tasks, s.Bytes)));
                }
            },
            iter: 1_000,
            threads: 1);

    private static int Fill(DispatcherRig rig, CallerShare? share)
    {
        var taken = 0;
        while (rig.TrySubmit(rig.Make(share: share)) is null)
        {
            taken++;
        }

        return taken;
    }
}
