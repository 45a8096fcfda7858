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
}
