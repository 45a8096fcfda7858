using CsCheck;

namespace WorkerHost.Client.Tests;

/// <summary>The turns of many callers who come and go, against a list that is searched from end to end.</summary>
[Trait("Scenario", "52")]
public sealed class FairQueueTests
{
    [Fact]
    public void The_next_turn_is_that_of_the_caller_who_was_served_least_and_among_equals_has_waited_longest() =>
        Gen.Select(Gen.Int[1, 20], Gen.Select(Gen.Int[0, 19], Gen.Int[0, 3], Gen.Int[0, 5000]).Array[1, 200]).Sample(
            static (callers, happenings) =>
            {
                var queue = new FairQueue();
                ShareQueue[] shares = [.. Enumerable.Range(0, callers).Select(static _ => new ShareQueue())];
                List<(ShareQueue Share, TaskEntry Entry)> sent = [];
                var number = 0UL;
                var count = 0;
                foreach (var (who, what, microseconds) in happenings)
                {
                    var share = shares[who % callers];
                    switch (what)
                    {
                        case 0 or 1:
                            var service = new ServiceTime("work");
                            service.Observe(microseconds);
                            share.Tasks.PushBack(new TaskEntry(++number, "work", TaskOptions.Default, default, ContentType.Json, 1) { Service = service });
                            queue.Added(share);
                            count++;
                            break;
                        case 2 when microseconds % 2 == 0 && share.Tasks.Head is { } unwanted:
                            share.Tasks.Remove(unwanted);
                            queue.Removed(share);
                            count--;
                            break;
                        case 2 when sent.Count > 0:
                            var (whose, ended) = sent[microseconds % sent.Count];
                            sent.RemoveAt(microseconds % sent.Count);
                            queue.Correct(whose, ended, microseconds % 3 == 0 ? null : microseconds);
                            break;
                        case 3 when queue.Head is { } next:
                            var turn = Array.Find(shares, s => s.Tasks.Head == next)!;
                            turn.Tasks.Remove(next);
                            queue.Removed(turn);
                            queue.TakeTurn(turn, next);
                            sent.Add((turn, next));
                            count--;
                            break;
                        default:
                            break;
                    }

                    var expected = shares.Where(static s => s.Tasks.Count > 0).OrderBy(static s => s.Start).ThenBy(static s => s.Since).FirstOrDefault();
                    Assert.Equal((expected?.Tasks.Head, count), (queue.Head, queue.Count));
                    Assert.All(shares, static s => Assert.Equal(s.Tasks.Count == 0, s.Place < 0));
                }
            },
            iter: 700,
            threads: 1);
}
