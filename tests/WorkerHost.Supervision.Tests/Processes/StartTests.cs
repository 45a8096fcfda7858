namespace WorkerHost.Supervision.Tests.Processes;

public sealed class StartTests
{
    [Fact]
    public async Task A_worker_whose_health_says_serving_is_ready()
    {
        await using var supervised = await Supervised.StartAsync(Supervised.Dummy());
        var ready = await supervised.ReadyAsync();
        var status = Assert.Single(supervised.Supervisor.Workers);
        Assert.Equal(new WorkerId("default", 0, 1), ready.Id);
        Assert.Equal(ready.Pid, status.Pid);
        Assert.Equal(SlotState.Ready, status.State);
        Assert.NotNull(status.ReadyAt);
        Assert.Contains("--workerhost-worker\0default\0", File.ReadAllText($"/proc/{ready.Pid}/cmdline"), StringComparison.Ordinal);
    }
}
