using WorkerHost.Sidecar.Commands.Mapping;

namespace WorkerHost.Sidecar.Tests.Commands;

public sealed class MapWindowTests
{
    [Fact]
    public async Task So_many_items_are_in_it_and_the_next_waits()
    {
        var window = new MapWindow(2, 1000);
        await window.EnterAsync(1, default);
        await window.EnterAsync(1, default);
        var third = window.EnterAsync(1, default).AsTask();
        Assert.False(third.IsCompleted);

        window.Leave(1);
        await third.WaitAsync(Eventually.Patience);
    }

    [Fact]
    public async Task So_many_bytes_are_in_it_but_one_item_always_finds_room()
    {
        var window = new MapWindow(100, 10);
        await window.EnterAsync(1_000_000, default);
        var second = window.EnterAsync(1, default).AsTask();
        Assert.False(second.IsCompleted);

        window.Leave(1_000_000);
        await second.WaitAsync(Eventually.Patience);
        await window.EnterAsync(9, default);
        Assert.False(window.EnterAsync(1, default).AsTask().IsCompleted);
    }
}
