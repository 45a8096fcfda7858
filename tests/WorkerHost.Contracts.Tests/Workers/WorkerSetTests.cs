namespace WorkerHost.Contracts.Tests;

public sealed class WorkerSetTests
{
    [Fact]
    public void The_empty_set_has_nobody_and_all_hope()
    {
        Assert.Empty(WorkerSet.Empty.Ready);
        Assert.Empty(WorkerSet.Empty.Draining);
        Assert.Empty(WorkerSet.Empty.Deaths);
        Assert.False(WorkerSet.Empty.Outlook.Hopeless);
    }

    [Fact]
    public void A_set_that_is_printed_tells_nobody_the_secret_of_an_endpoint()
    {
        var endpoint = new WorkerEndpoint(new WorkerId("images", 2, 7), new Uri("http://127.0.0.1:5000"), 4711, "open sesame", 1);
        Assert.Equal("images/2#7 at http://127.0.0.1:5000/", endpoint.ToString());
        Assert.DoesNotContain("sesame", (WorkerSet.Empty with { Ready = [endpoint] }).ToString(), StringComparison.Ordinal);
    }
}
