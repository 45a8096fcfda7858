using WorkerHost.Sidecar.Hosting;

namespace WorkerHost.Sidecar.Tests.Hosting;

public sealed class HostedPoolsTests
{
    // Nothing looks into the pools here.
    private static HostedPool Named(string name) => new(name, null!);

    [Fact]
    public void Pools_are_listed_by_name_whatever_order_they_came_in()
    {
        var pools = new HostedPools([Named("pdf"), Named("images")]);

        Assert.Equal(["images", "pdf"], pools.All.Select(static pool => pool.Name));
    }

    [Fact]
    public void A_pool_is_found_by_its_name_and_the_only_one_without_a_name()
    {
        Assert.Equal("pdf", new HostedPools([Named("pdf"), Named("images")]).Find("pdf").Name);
        Assert.Equal("images", new HostedPools([Named("images")]).Find("").Name);
    }

    [Fact]
    public void A_request_for_a_pool_that_is_not_there_is_told_which_are()
    {
        var pools = new HostedPools([Named("pdf"), Named("images")]);

        var unknown = Assert.Throws<NoSuchPoolException>(() => pools.Find("audio"));
        Assert.Equal("there is no pool \"audio\" here; the pools are images, pdf", unknown.Message);
        Assert.False(unknown.IsAmbiguous);
        var ambiguous = Assert.Throws<NoSuchPoolException>(() => pools.Find(""));
        Assert.Equal("this host has several pools, and the request names none; name one of images, pdf", ambiguous.Message);
        Assert.True(ambiguous.IsAmbiguous);
        Assert.Equal("this host has no pools", Assert.Throws<NoSuchPoolException>(() => new HostedPools([]).Find("")).Message);
    }

    [Fact]
    public void Another_list_takes_the_place_of_the_old_one_as_a_whole()
    {
        var pools = new HostedPools([Named("images")]);
        var before = pools.All;
        var changed = pools.Changed;

        Assert.Throws<ArgumentException>(() => pools.Replace([Named("pdf"), Named("pdf")]));
        Assert.False(changed.IsCompleted);
        pools.Replace([Named("pdf")]);

        Assert.True(changed.IsCompleted);
        Assert.False(pools.Changed.IsCompleted);
        Assert.Equal("images", Assert.Single(before).Name);
        Assert.Equal("pdf", Assert.Single(pools.All).Name);
    }

    [Fact]
    public void A_pool_that_leaves_is_seen_behind_the_others_until_it_is_gone()
    {
        var (old, made) = (new HostedPool("images", null!) { DrainTimeout = TimeSpan.Zero }, Named("images"));
        var pools = new HostedPools([old, Named("pdf")]);
        var changed = pools.Changed;
        pools.Replace([made, Named("pdf")], leaves: old);

        Assert.True(changed.IsCompleted);
        Assert.Same(made, pools.Find("images"));
        Assert.Equal([made, old], pools.WithLeaving("images"));
        Assert.Equal(["images", "pdf", "images"], pools.WithLeaving("").Select(static pool => pool.Name));
        Assert.Throws<NoSuchPoolException>(() => pools.WithLeaving("audio"));
        pools.Replace([Named("pdf")], leaves: made);
        Assert.Equal([old, made], pools.WithLeaving("images"));
        pools.Gone(old);
        pools.Gone(made);
        Assert.Empty(pools.Leaving);
    }
}
