using Microsoft.Extensions.Time.Testing;
using WorkerHost.Sidecar.Gateway;

namespace WorkerHost.Sidecar.Tests.Gateway;

/// <summary>Who is read on and who waits, counted in bytes: of 2000 half is parted among ten connections.</summary>
public sealed class BufferBudgetTests
{
    private readonly FakeTimeProvider time = new();
    private readonly RecordingLoggers loggers = new();
    private readonly BufferBudget budget;
    private readonly List<string> closed = [];
    private readonly BufferBudget.Holder one;
    private readonly BufferBudget.Holder two;
    private readonly BufferBudget.Holder three;

    public BufferBudgetTests()
    {
        budget = new BufferBudget(2000, 10, time, loggers.CreateLogger("gateway"));
        (one, two, three) = (Peer("one"), Peer("two"), Peer("three"));
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public void A_peer_may_have_as_much_as_it_leaves_free_and_its_own_part()
    {
        Assert.True(Take(one, 500));
        Assert.True(Take(two, 250));
        Assert.True(Take(three, 125));
        Assert.True(Take(three, 100));
        Assert.Equal(975, budget.Held);
    }

    [Fact]
    public void However_many_hoard_each_newcomer_has_its_part()
    {
        Assert.True(Take(one, 500));
        Assert.True(Take(one, 5000));
        for (var i = 0; i < 8; i++)
        {
            var other = Peer($"other {i}");
            Assert.True(Take(other, 100));
            _ = Take(other, 500);
        }

        Assert.True(Take(two, 60));
        Assert.True(Take(two, 40));
        Assert.False(Take(two, 1000));
    }

    [Fact]
    public async Task One_goes_beyond_it_until_it_has_given_back_what_that_was_and_then_the_next()
    {
        Assert.True(Take(one, 500));
        Assert.True(Take(one, 900), "it is favoured, or nobody would get on");
        Assert.True(Take(one, 900), "and has what it needs meanwhile");
        var second = budget.TakeAsync(two, 900, Token).AsTask();
        var third = budget.TakeAsync(three, 900, Token).AsTask();
        Assert.Equal((2, 2300), (budget.Waiting, budget.Held));

        budget.Give(one, 900);
        Assert.False(second.IsCompleted);
        budget.Give(one, 900);
        await second;
        Assert.False(third.IsCompleted);
        budget.Give(two, 900);
        await third;
        budget.Give(three, 900);
        budget.Give(one, 500);
        Assert.Equal((0, 0), (budget.Waiting, budget.Held));
    }

    [Fact]
    public async Task Who_gives_up_waiting_holds_nothing()
    {
        Assert.True(Take(one, 5000));
        using var patience = new CancellationTokenSource();
        var waiting = budget.TakeAsync(two, 900, patience.Token).AsTask();
        await patience.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        budget.Give(one, 5000);
        Assert.Equal((0, 0), (budget.Waiting, budget.Held));
    }

    [Fact]
    public async Task A_favoured_one_that_stands_still_while_others_wait_loses_its_connection_and_no_other_does()
    {
        Assert.True(Take(one, 5000));
        time.Advance(TimeSpan.FromHours(1));
        var waiting = budget.TakeAsync(two, 900, Token).AsTask();
        time.Advance(BufferBudget.Patience / 2);
        one.Moved();
        time.Advance(BufferBudget.Patience / 2);
        Assert.Empty(closed);
        time.Advance(BufferBudget.Patience);
        Assert.Equal(["one"], closed);
        await loggers.Until(static line => line.Text.Contains("data:maxBufferedBytes", StringComparison.Ordinal));

        // Its end gives back what it held.
        budget.Give(one, 5000);
        await waiting;
        time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(["one"], closed);
    }

    private BufferBudget.Holder Peer(string name) => budget.Of(name, () => closed.Add(name));

    /// <returns>False: it has to wait.</returns>
    private bool Take(BufferBudget.Holder holder, long bytes) => budget.TakeAsync(holder, bytes, Token).AsTask().IsCompletedSuccessfully;
}
