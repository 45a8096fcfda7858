namespace WorkerHost.Supervision.Tests.Events;

public sealed class EventLogTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    [Fact]
    public async Task A_watcher_gets_what_is_kept_and_what_comes_without_gaps_until_the_end()
    {
        var log = Log(capacity: 16);
        Say(log, 3);
        await using var watcher = log.WatchAsync(1, None).GetAsyncEnumerator();
        Assert.Equal(2, await NextAsync(watcher));
        Assert.Equal(3, await NextAsync(watcher));
        var next = NextAsync(watcher);
        Assert.False(next.IsCompleted);
        Say(log, 1);
        Assert.Equal(4, await next.Soon());
        var end = watcher.MoveNextAsync();
        log.Complete();
        Assert.False(await end.Soon());
    }

    [Fact]
    public async Task Without_a_number_a_watcher_gets_what_happens_after_the_call()
    {
        var log = Log(capacity: 16);
        Say(log, 2);
        var watched = log.WatchAsync(null, None);
        Say(log, 1);
        log.Complete();
        Assert.Equal([3], await watched.Select(e => e.Sequence).ToListAsync());
    }

    [Fact]
    public void Events_that_are_gone_are_an_error_that_says_how_to_go_on()
    {
        var log = Log(capacity: 16);
        Say(log, 20);
        var error = Assert.Throws<EventsLostException>(() => log.WatchAsync(3, None));
        Assert.Equal((3, 5), (error.After, error.OldestKept));
        Assert.Contains("events 4 to 4", error.Message, StringComparison.Ordinal);
        Assert.Contains("WatchAsync(after: 4)", error.Message, StringComparison.Ordinal);
        Assert.Contains("KeptEvents = 16", error.Message, StringComparison.Ordinal);
        _ = log.WatchAsync(error.OldestKept - 1, None);
    }

    [Fact]
    public async Task A_slow_watcher_is_told_that_it_was_overtaken_and_holds_nobody_up()
    {
        var log = Log(capacity: 16);
        await using var slow = log.WatchAsync(0, None).GetAsyncEnumerator();
        Say(log, 1);
        Assert.Equal(1, await NextAsync(slow));
        Say(log, 100);
        var error = await Assert.ThrowsAsync<EventsLostException>(() => slow.MoveNextAsync().AsTask());
        Assert.Equal((1, 86), (error.After, error.OldestKept));
    }

    [Fact]
    public void A_number_of_another_supervisor_is_refused()
    {
        var log = Log(capacity: 16);
        Say(log, 2);
        Assert.Contains("has the sequence 2", Assert.Throws<ArgumentOutOfRangeException>(() => log.WatchAsync(3, None)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => log.WatchAsync(-1, None));
    }

    [Fact]
    public async Task Many_writers_and_many_watchers_see_one_order_without_gaps()
    {
        const int Writers = 4;
        const int Each = 2_000;
        var log = Log(capacity: Writers * Each);
        var watching = Enumerable.Range(0, 4).Select(_ => Task.Run(() => log.WatchAsync(0, None).ToListAsync().AsTask())).ToArray();
        await Task.WhenAll(Enumerable.Range(0, Writers).Select(_ => Task.Run(() => Say(log, Each))));
        log.Complete();
        var seen = await Task.WhenAll(watching).Soon();
        Assert.All(seen, s => Assert.Equal(Enumerable.Range(1, Writers * Each).Select(i => (long)i), s.Select(e => e.Sequence)));
        Assert.All(seen, s => Assert.True(s.Zip(seen[0]).All(pair => ReferenceEquals(pair.First, pair.Second))));
    }

    [Fact]
    public async Task Cancelling_ends_the_watching()
    {
        using var cancel = new CancellationTokenSource();
        await using var watcher = Log(capacity: 16).WatchAsync(0, cancel.Token).GetAsyncEnumerator();
        var next = watcher.MoveNextAsync().AsTask();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => next.Soon());
    }

    private static EventLog Log(int capacity) => new("pool", capacity, TimeProvider.System);

    private static void Say(EventLog log, int times)
    {
        for (var i = 0; i < times; i++)
        {
            log.Add(new SupervisorEvent.Stopping());
        }
    }

    private static async Task<long> NextAsync(IAsyncEnumerator<SupervisorEvent> watcher)
    {
        Assert.True(await watcher.MoveNextAsync());
        return watcher.Current.Sequence;
    }
}
