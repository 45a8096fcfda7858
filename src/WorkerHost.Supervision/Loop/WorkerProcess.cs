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
    private ChildProcess? child;
    private ProcessIdentity? identity;
    private string temporaryDirectory = "";

    /// <summary>Of the process behind a launcher, which is not the spawned one.</summary>
    private volatile Action? deleteWhatItsRuntimeLeft;

    private VitalWatch? watch;
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
        startedAt = now();
        StartedOn = time.GetUtcNow();
        Steps = new BootSteps(plan.LedgerPath, now);
    }

    public LaunchPlan Plan { get; }

    public WorkerVitals Vitals { get; }

    public WorkerId Id => Plan.Id;

    public BootSteps Steps { get; }

    public int Pid => child?.Pid ?? 0;

    /// <summary>The process that listens: the same one, or what its launcher has started. Known once it is ready.</summary>
    public int ServingPid { get; private set; }

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
        temporaryDirectory = launcher.TemporaryDirectory;
        identity = ProcessIdentity.Of(child.Pid);
        watch = new VitalWatch(Plan, Pid, Steps, options, time);
        Steps.Reach("process");
        probe = Task.Run(ProbeAsync);
    }

    public void MarkReady()
    {
        ReadyOn = time.GetUtcNow();
        BootTime = Uptime;
        LookAtMemory();
    }

    /// <summary>What the kernel says when it has ended is no use where the host itself has had more: what was seen then counts.</summary>
    public void LookAtMemory() => SeenPeakMemory = ProcessMemory.Peak(Pid) ?? SeenPeakMemory;

    /// <summary>Null: there is nothing to look at.</summary>
    public VitalSigns? Look(byte[] buffer, Func<WorkerId, WorkerLoad> load) => watch?.Look(buffer, ReadyAt is null ? null : ServingPid, load);

    public void AskToLeave() => child?.CloseLifeline();

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
        Steps.Close();
        Plan.Directory.Delete();
        if (identity is { } ended)
        {
            RuntimeLeftovers.Delete(temporaryDirectory, ended);
        }

        if (Plan.ControlGroup is { } group)
        {
            await group.RemoveAsync(time).ConfigureAwait(false);
        }
    }

    public override void Output(OutputStream stream, ReadOnlySpan<byte> bytes) => output.Feed(stream, bytes);

    public override void Exited(ExitFacts facts, long? peakMemoryBytes)
    {
        deleteWhatItsRuntimeLeft?.Invoke();
        LastOutput = output.End();
        Evidence = LedgerEvidence.Read(Plan.LedgerPath, Id.Incarnation);
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
            if (peer.Pid != Pid && ProcessIdentity.Of(peer.Pid) is { } serving)
            {
                deleteWhatItsRuntimeLeft = () => RuntimeLeftovers.Delete(temporaryDirectory, serving);
            }

            ServingPid = peer.Pid;
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
