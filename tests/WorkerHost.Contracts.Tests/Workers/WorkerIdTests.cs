namespace WorkerHost.Contracts.Tests;

public sealed class WorkerIdTests
{
    [Fact]
    public void A_worker_is_printed_as_pool_slot_and_incarnation() =>
        Assert.Equal("images/2#7", new WorkerId("images", 2, 7).ToString());

    [Fact]
    public void Two_incarnations_of_a_slot_are_two_workers()
    {
        Assert.NotEqual(new WorkerId("images", 2, 7), new WorkerId("images", 2, 8));
        Assert.Equal(new WorkerId("images", 2, 7), new WorkerId("images", 2, 7));
    }
}
