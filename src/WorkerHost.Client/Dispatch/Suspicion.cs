namespace WorkerHost.Client;

/// <summary>
/// Who may have killed a worker: the tasks that were running, and only if nobody outside did. One that ran alone is
/// convicted. Of several each is a suspect and none is convicted: each runs alone from then on, so that the next death
/// tells the guilty from the innocent. Pure.
/// </summary>
internal readonly struct Suspicion
{
    private readonly EndpointState endpoint;
    private readonly bool ofItsOwnMaking;
    private readonly int suspects;

    private Suspicion(EndpointState endpoint, bool ofItsOwnMaking, int suspects)
    {
        this.endpoint = endpoint;
        this.ofItsOwnMaking = ofItsOwnMaking;
        this.suspects = suspects;
    }

    /// <param name="endpoint">The dead worker.</param>
    /// <param name="lost">What it had and did not answer.</param>
    public static Suspicion Of(EndpointState endpoint, List<TaskEntry> lost)
    {
        if (endpoint.Death is not { } death || !IsOfItsOwnMaking(death))
        {
            return default;
        }

        // Others may have sent it tasks too: their lanes count, and what has no ledger is counted by what was sent.
        var ours = lost.Count(entry => WasRunning(endpoint, endpoint.VerdictOn(entry)));
        return new Suspicion(endpoint, ofItsOwnMaking: true, Math.Max(ours, death.Evidence.RunningLanes));
    }

    /// <summary>Writes down what the death says of one task of the worker.</summary>
    public void Charge(TaskEntry entry, StartVerdict verdict)
    {
        if (ofItsOwnMaking && WasRunning(endpoint, verdict))
        {
            entry.IsSuspect = true;
            entry.Convictions += suspects == 1 ? 1 : 0;
        }
    }

    /// <summary>An SDK's worker that is sent SIGTERM from outside drains and leaves with 0: nobody in it is to blame.</summary>
    private static bool IsOfItsOwnMaking(WorkerDeath death) =>
        death.Report.IsOfItsOwnMaking && !(death.Report.Cause == DeathCause.Exit && death.Evidence.Stage == LedgerStage.Draining);

    /// <summary>Without a start mark that names it, a task counts as running where nothing says that it waited.</summary>
    private static bool WasRunning(EndpointState endpoint, StartVerdict verdict) =>
        verdict == StartVerdict.Running || (verdict == StartVerdict.Unknown && (!endpoint.Prefetches || !endpoint.Death!.Evidence.HasLedger));
}
