namespace WorkerHost.Supervision;

/// <summary>Gathers what can be known of one worker process. Touched by the owner loop only.</summary>
internal sealed class VitalWatch(LaunchPlan plan, ProcessIdentity spawned, BootSteps steps, SupervisorOptions options, TimeProvider time) : IAsyncDisposable
{
    private readonly SignReader reader = new(plan.Directory.Ledger, spawned, options.Concurrency);
    private readonly Doorbell doorbell = new(plan, options.Liveness.SuspectAfter, time);
    private EndpointHeartbeat? endpoint;

    /// <param name="serving">The process that listens; null before it is ready, and then nobody connects to it from here.</param>
    /// <param name="load">What its pool knows of it; asked only where it says nothing by itself.</param>
    public VitalSigns Look(ProcessIdentity? serving, Func<WorkerId, WorkerLoad> load)
    {
        reader.Follow(serving ?? spawned);
        var signs = reader.Read();
        if (serving is null)
        {
            return signs;
        }

        if (options.Liveness.Enabled)
        {
            doorbell.RingIfDue();
            signs = signs with { ClosedAddress = doorbell.ClosedAddress };
        }

        if (signs.Beats > 0)
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

        endpoint ??= new EndpointHeartbeat(plan, new WorkerConnector(plan, new WorkerPeer(spawned.Pid, plan.Isolation), steps, time), options.Liveness, time);
        return endpoint.AddTo(signs);
    }

    /// <summary>The most memory that the process has had; null when it is gone.</summary>
    public long? PeakBytes(ProcessIdentity serving)
    {
        reader.Follow(serving);
        return reader.PeakBytes();
    }

    public async ValueTask DisposeAsync()
    {
        reader.Dispose();
        await doorbell.DisposeAsync().ConfigureAwait(false);
        if (endpoint is not null)
        {
            await endpoint.DisposeAsync().ConfigureAwait(false);
        }
    }
}
