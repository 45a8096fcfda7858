using System.Collections.Immutable;

namespace WorkerHost.Supervision;

/// <summary>
/// One incarnation's process and what belongs to it, from its start until what it leaves behind is gone.
/// The owner loop creates and commands it; it tells the loop what happens.
/// </summary>
internal sealed class WorkerProcess : ChildListener
{
    private readonly Func<TimeSpan> now;
    private readonly TimeProvider time;
    private readonly Action<SupervisorMessage> tell;
    private readonly Action<WorkerProcess, Exception> faulted;
    private readonly WorkerOutput output;
    private readonly CancellationTokenSource probing = new();
    private readonly TimeSpan startedAt;
    private readonly WorkerRemains remains;
    private ChildProcess? child;
    private VitalWatch? watch;
    private ProcessIdentity listener;
    private Task probe = Task.CompletedTask;

    public WorkerProcess(LaunchPlan plan, WorkerVitals vitals, WorkerOutput output, TimeProvider time, Func<TimeSpan> now, Action<SupervisorMessage> tell, Action<WorkerProcess, Exception> faulted)
    {
        Plan = plan;
        Vitals = vitals;
        this.output = output;
        this.time = time;
        this.now = now;
        this.tell = tell;
        this.faulted = faulted;
        remains = new WorkerRemains(plan);
        startedAt = now();
        StartedOn = time.GetUtcNow();
        Steps = new BootSteps(plan.Directory.Ledger, now);
    }

    public LaunchPlan Plan { get; }

    public WorkerVitals Vitals { get; }

    public WorkerId Id => Plan.Id;

    public BootSteps Steps { get; }

    public int Pid => child?.Pid ?? 0;

    /// <summary>The process that listens: the spawned one, or, once it is ready, what its launcher has started.</summary>
    public ProcessIdentity Serving { get; private set; }

    public DateTimeOffset StartedOn { get; }

    public DateTimeOffset? ReadyOn { get; private set; }

    /// <summary>From the spawn until it was ready; null until then.</summary>
    public TimeSpan? BootTime { get; private set; }

    /// <summary>When it became ready, by the monotonic clock; null until then.</summary>
    public TimeSpan? ReadyAt => startedAt + BootTime;

    /// <summary>The most memory it was seen with.</summary>
    public long? SeenPeakMemory { get; private set; }

    public TimeSpan Uptime => now() - startedAt;

    /// <summary>The last lines of stderr; set before the exit is told.</summary>
    public ImmutableArray<string> LastOutput { get; private set; } = [];

    /// <summary>What its ledger says; set before the exit is told.</summary>
    public LedgerEvidence Evidence { get; private set; } = LedgerEvidence.None;

    public async Task StartAsync(Launcher launcher, SupervisorOptions options)
    {
        child = await launcher.SpawnAsync(Plan, this).ConfigureAwait(false);
        Serving = listener = child.Identity;
        remains.BelongsTo(Serving);
        watch = new VitalWatch(Plan, Serving, Steps, options, time);
        Steps.Reach("process");
        probe = Task.Run(ProbeAsync);
    }

    public void MarkReady()
    {
        Serving = listener;
        ReadyOn = time.GetUtcNow();
        BootTime = Uptime;
        LookAtMemory();
    }

    /// <summary>What the kernel says when it has ended is no use where the host itself has had more: what was seen then counts.</summary>
    public void LookAtMemory() => SeenPeakMemory = watch?.PeakBytes(Serving) ?? SeenPeakMemory;

    /// <summary>Null: there is nothing to look at.</summary>
    public VitalSigns? Look(Func<WorkerId, WorkerLoad> load)
    {
        var signs = watch?.Look(ReadyAt is null ? null : Serving, load);
        SeenPeakMemory = signs is { PeakBytes: > 0 and var peak } ? peak : SeenPeakMemory;
        return signs;
    }

    /// <param name="inItsOwnTime">It need not hurry.</param>
    public void AskToLeave(bool inItsOwnTime)
    {
        if (inItsOwnTime)
        {
            // Where it does not fit into the pipe, the worker keeps to the limit it has been told at its start.
            child?.WriteInput(LifelineWords.LeaveInYourOwnTime);
        }

        child?.CloseLifeline();
    }

    public void Terminate() => Signal(SignalNames.Terminate, group: false);

    public void KillGroup() => Signal(SignalNames.Kill, group: true);

    /// <summary>Once it has ended: its files go, its probe is awaited.</summary>
    public async Task CleanUpAsync()
    {
        await probing.CancelAsync().ConfigureAwait(false);
        await probe.ConfigureAwait(false);
        if (watch is not null)
        {
            await watch.DisposeAsync().ConfigureAwait(false);
        }

        probing.Dispose();
        await remains.RemoveAsync(time).ConfigureAwait(false);
    }

    public override void Output(OutputStream stream, ReadOnlySpan<byte> bytes) => output.Feed(stream, bytes);

    public override void Exited(ExitFacts facts, long? peakMemoryBytes)
    {
        LastOutput = output.End();
        Evidence = Plan.Directory.Ledger.Evidence(Id.Incarnation);
        Steps.LookIntoLedger();
        tell(new SupervisorMessage.Exited(Id, this, facts.WithOomKills(Plan.ControlGroup?.OomKills ?? 0), peakMemoryBytes));
    }

    public override void Faulted(Exception exception) => faulted(this, exception);

    private void Signal(int signal, bool group)
    {
        Steps.Settle();
        LookAtMemory();
        child?.Signal(signal, group);
    }

    private async Task ProbeAsync()
    {
        try
        {
            var peer = new WorkerPeer(Pid, Plan.Isolation);
            await new ReadinessProbe(Plan, peer, Steps, time).RunAsync(probing.Token).ConfigureAwait(false);
            if (peer.Pid != Pid)
            {
                listener = ProcessIdentity.Holder(peer.Pid);
                remains.BelongsTo(listener);
            }

            tell(new SupervisorMessage.Booted(Id));
        }
        catch (OperationCanceledException) when (probing.IsCancellationRequested)
        {
        }
        catch (Exception e)
        {
            // The boot timer will end what can never become ready; the report should say why.
            Steps.Meet($"the probe failed: {e.Message}");
            faulted(this, e);
        }
    }
}
