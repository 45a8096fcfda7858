namespace WorkerHost.Supervision;

/// <summary>Whether one worker lives: observations in, judgements out. Pure; time comes in as what counts since the last look.</summary>
internal sealed class Pulse(LivenessOptions options)
{
    private VitalSigns seen;
    private bool looked;

    /// <summary>For how long neither its beats nor its finished tasks have moved.</summary>
    public TimeSpan Silence { get; private set; }

    public bool IsSuspect { get; private set; }

    public bool IsBeingDebugged { get; private set; }

    /// <param name="counts">Time since the last look in which the supervisor was awake.</param>
    /// <param name="signs">What is seen now.</param>
    /// <param name="leaving">It was asked to leave, and may have closed its endpoint already.</param>
    public Judgement Look(TimeSpan counts, in VitalSigns signs, bool leaving)
    {
        var moved = !looked || signs.Beats != seen.Beats || signs.Finished != seen.Finished;
        var debuggerChanged = signs.IsTraced != IsBeingDebugged;
        seen = signs;
        looked = true;
        IsBeingDebugged = signs.IsTraced;

        // What a debugger held up is not the worker's silence, neither while it is there nor right after it.
        Silence = moved || signs.IsTraced || debuggerChanged ? TimeSpan.Zero : Silence + counts;
        IsSuspect = options.Enabled && Silence >= options.SuspectAfter;
        return IsSuspect && Silence >= options.DeadAfter && !MayBeSilent(signs, leaving) ? new Judgement(JudgementKind.Dead, Reason(signs)) : default;
    }

    /// <summary>
    /// Who beats by its endpoint cannot beat when it has closed it, and a health service may have to wait for the one thread that
    /// runs the task: then only a stop by signal is certain.
    /// </summary>
    private static bool MayBeSilent(in VitalSigns signs, bool leaving) => !signs.IsStopped && signs.Heartbeat switch
    {
        HeartbeatKind.Ledger => false,
        HeartbeatKind.Control => leaving,
        HeartbeatKind.Health => leaving || signs.Running > 0,
        _ => throw new ArgumentOutOfRangeException(nameof(signs), signs.Heartbeat, "not a kind of heartbeat"),
    };

    private string Reason(in VitalSigns signs)
    {
        var beat = signs.Heartbeat switch
        {
            HeartbeatKind.Ledger => "no heartbeat",
            HeartbeatKind.Control => "no heartbeat on its control stream",
            _ => "no answer from its health service",
        };
        var stopped = signs.IsStopped ? "; a signal has stopped the process" : "";
        return $"{beat} and no finished task for {DurationText.Of(Silence)} ({options.Names["Liveness.DeadAfter"]} is {DurationText.Exact(options.DeadAfter)}){stopped}";
    }
}
