namespace WorkerHost.Supervision;

/// <summary>Gathers what can be known of one worker process. Touched by the owner loop only.</summary>
internal sealed class VitalWatch(LaunchPlan plan, int pid, BootSteps steps, SupervisorOptions options, TimeProvider time) : IAsyncDisposable
{
    private readonly SignReader reader = new(plan.LedgerPath, pid, options.Concurrency);
    private EndpointHeartbeat? endpoint;

    /// <param name="buffer">For reading.</param>
    /// <param name="serving">The process that listens; null before it is ready, and then nobody connects to it from here.</param>
    /// <param name="load">What its pool knows of it; asked only where it says nothing by itself.</param>
    public VitalSigns Look(byte[] buffer, int? serving, Func<WorkerId, WorkerLoad> load)
    {
        reader.Follow(serving ?? pid);
        var signs = reader.Read(buffer);
        if (serving is null || signs.Beats > 0)
        {
            return signs;
        }

        // Whoever beats in its ledger has done so since before it was ready.
        var told = load(plan.Id);
        signs = signs with { Finished = Math.Max(signs.Finished, told.Finished), Running = Math.Max(signs.Running, told.RunningTasks.Length) };
        if (!options.Liveness.Enabled)
        {
            return signs;
        }

        endpoint ??= new EndpointHeartbeat(plan, new WorkerConnector(plan, new WorkerPeer(pid, plan.Isolation), steps, time), options.Liveness, time);
        return endpoint.AddTo(signs);
    }

    public ValueTask DisposeAsync()
    {
        reader.Dispose();
        return endpoint?.DisposeAsync() ?? ValueTask.CompletedTask;
    }
}
