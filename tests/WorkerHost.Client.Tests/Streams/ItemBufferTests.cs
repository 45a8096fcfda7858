namespace WorkerHost.Client.Tests;

/// <summary>The room of a stream: given back as items are taken, and never more than was promised.</summary>
public sealed class ItemBufferTests
{
    private readonly EndpointState endpoint = new DispatcherRig().Endpoint();
    private readonly List<(int Items, long Bytes)> given = [];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public void Half_of_the_room_is_given_back_at_once_and_all_of_it_in_the_end()
    {
        var buffer = Make(10);
        for (var i = 0; i < 10; i++)
        {
            Assert.Equal(ItemVerdict.Taken, buffer.Add(endpoint, Whole(3)));
        }

        for (var i = 1; i <= 10; i++)
        {
            Assert.True(buffer.TryTake(out _));
            Assert.Equal(i / 5, given.Count);
        }

        Assert.Equal([(5, 15L), (5, 15L)], given);
        Assert.False(buffer.TryTake(out _));
    }

    [Fact]
    public void With_room_for_one_each_item_taken_makes_room_for_the_next()
    {
        var buffer = Make(1);
        for (var i = 0; i < 5; i++)
        {
            Assert.Equal(ItemVerdict.Taken, buffer.Add(endpoint, Whole(3)));
            Assert.Equal(ItemVerdict.TooMany, buffer.Add(endpoint, Whole(3)));
            Assert.True(buffer.TryTake(out _));
        }

        Assert.Equal(5, given.Count);
    }

    [Fact]
    public void Bytes_count_as_well_and_one_item_may_be_larger_than_their_room()
    {
        var buffer = Make(1000);
        Assert.Equal(ItemVerdict.Taken, buffer.Add(endpoint, Whole(ItemBuffer.MaxBytes - 1)));
        Assert.Equal(ItemVerdict.Taken, buffer.Add(endpoint, Whole(2_000_000)));
        Assert.Equal(ItemVerdict.TooMany, buffer.Add(endpoint, Whole(1)));
        Assert.True(buffer.TryTake(out _));
        Assert.Equal([(1, ItemBuffer.MaxBytes - 1L)], given);
        Assert.Equal(ItemVerdict.TooMany, buffer.Add(endpoint, Whole(1)));
        Assert.True(buffer.TryTake(out _));
        Assert.Equal(ItemVerdict.Taken, buffer.Add(endpoint, Whole(1)));
    }

    [Fact]
    public void An_item_in_parts_is_put_together_and_what_another_attempt_began_is_forgotten()
    {
        var buffer = Make(10);
        Assert.Equal(ItemVerdict.Taken, buffer.Add(endpoint, Part([1, 2], total: 4, more: true)));
        Assert.False(buffer.TryTake(out _));

        var next = new DispatcherRig().Endpoint(incarnation: 2);
        Assert.Equal(ItemVerdict.Taken, buffer.Add(next, Part([7], total: 2, more: true)));
        Assert.Equal(ItemVerdict.Taken, buffer.Add(next, Part([8], total: 2, more: false)));
        Assert.True(buffer.TryTake(out var item));
        Assert.Equal([7, 8], item.Data.ToArray());
    }

    [Theory]
    [InlineData(2, true)]
    [InlineData(1, false)]
    [InlineData(3, true)]
    public void Parts_that_do_not_make_an_item_are_none(int secondLength, bool more)
    {
        var buffer = Make(10);
        buffer.Add(endpoint, Part([1, 2], total: 4, more: true));
        Assert.Equal(ItemVerdict.Torn, buffer.Add(endpoint, Part(new byte[secondLength], total: 4, more)));
    }

    [Fact]
    public void A_whole_item_that_says_more_of_it_comes_is_none()
    {
        Assert.Equal(ItemVerdict.Torn, Make(10).Add(endpoint, Part([1], total: 0, more: true)));
    }

    [Fact]
    public void What_is_too_long_is_known_from_its_first_part_and_costs_no_memory()
    {
        var buffer = Make(10);
        Assert.Equal(ItemVerdict.TooLong, buffer.Add(endpoint, Part([1], total: 3_000_001, more: true)));
        Assert.Equal(ItemVerdict.TooLong, buffer.Add(endpoint, Part([1], total: ulong.MaxValue, more: true)));
        Assert.Equal(ItemVerdict.TooLong, buffer.Add(endpoint, Whole(3_000_001)));
    }

    [Fact]
    public async Task After_the_end_what_is_there_can_be_taken_and_no_more_comes()
    {
        var buffer = Make(10);
        buffer.Add(endpoint, Whole(1));
        buffer.Complete();
        Assert.Equal(ItemVerdict.Taken, buffer.Add(endpoint, Whole(1)));
        Assert.True(await buffer.WaitAsync(Token));
        Assert.True(buffer.TryTake(out _));
        Assert.False(await buffer.WaitAsync(Token));
    }

    private ItemBuffer Make(int items) => new(items, maxItemBytes: 3_000_000) { GiveBack = (count, bytes) => given.Add((count, bytes)) };

    private static IncomingNews Whole(int length) => new(1, IsItem: true, new byte[length], ContentType.Bytes, 0, More: false, 0, "");

    private static IncomingNews Part(byte[] data, ulong total, bool more) => new(1, IsItem: true, data, ContentType.Bytes, total, more, 0, "");
}
