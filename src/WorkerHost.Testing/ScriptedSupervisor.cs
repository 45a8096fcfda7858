using System.Collections.Immutable;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using WorkerHost.Supervision;

namespace WorkerHost.Testing;

/// <summary>
/// In the place of the supervisor: it publishes sets of workers and deaths as that does, and its pool is told what it would be told. Its workers are
/// <see cref="PretendedProcess"/>es. Thread-safe: the lock guards slots; workers, logs and the pool are called outside of it.
/// </summary>
internal sealed partial class ScriptedSupervisor : IWorkerSource, IWorkerBackChannel, IWorkersView, IAsyncDisposable
{
    private const int FirstPid = 10_001;

    private readonly Lock gate = new();
    private readonly WorkerSetFeed feed = new();
    private readonly TestPoolOptions options;
    private readonly Action<WorkerApplication> map;
    private readonly ImmutableArray<ScriptedSlot> slots;

    /// <summary>Never disposed of: it has no timer, and a worker may end late.</summary>
    private readonly CancellationTokenSource stop = new();
    private readonly List<Task> tasks = [];
    private readonly List<DeathReport> deaths = [];
    private readonly ILogger logger;
    private Func<WorkerId, WorkerLoad> load = static _ => WorkerLoad.None;
    private int lastPid = FirstPid - 1;
    private long version;
    private bool stopped;

    public ScriptedSupervisor(Action<WorkerApplication> map, TestPoolOptions options)
    {
        this.map = map;
        this.options = options;
        logger = (options.LoggerFactory ?? NullLoggerFactory.Instance).CreateLogger("WorkerHost.Testing");
        slots = [.. Enumerable.Range(0, options.Workers).Select(n => new ScriptedSlot(options.Name, n))];
    }

    public CrashPlan Plan { get; } = new();

    public RunningTasks Running { get; } = new();

    public TimeProvider Time => options.TimeProvider;

    public ImmutableArray<ScriptedSlot> Slots => slots;

    public IWorkerBackChannel BackChannel => this;

    public ImmutableArray<DeathReport> Deaths
    {
        get
        {
            lock (gate)
            {
                return [.. deaths];
            }
        }
    }

    public ImmutableArray<WorkerStatus> Workers
    {
        get
        {
            lock (gate)
            {
                return [.. slots.Select(StatusOf)];
            }
        }
    }

    public SupervisorReadiness Readiness
    {
        get
        {
            lock (gate)
            {
                return SupervisorReadiness.Of([.. slots.Select(StatusOf)], slots.Length, atLeast: 1, stopped, deaths.Count > 0 ? deaths[^1] : null);
            }
        }
    }

    public ChannelReader<WorkerSet> Subscribe() => feed.Subscribe();

    public void ReportLoad(Func<WorkerId, WorkerLoad> load) => this.load = load;

    public void Start()
    {
        foreach (var slot in slots)
        {
            Start(slot);
        }
    }

    /// <summary>The worker there, alive and ready.</summary>
    /// <exception cref="InvalidOperationException">There is none.</exception>
    public PretendedProcess Alive(ScriptedSlot slot)
    {
        lock (gate)
        {
            return slot.Process is { Worker: not null } process
                ? process
                : throw new InvalidOperationException($"no worker is ready in place {slot.Number} of pool {options.Name}: it is {slot.State}{(slot.LastDeath is { } last ? $", and the last death was: {last}" : "")}");
        }
    }

    public T Look<T>(Func<T> at)
    {
        lock (gate)
        {
            return at();
        }
    }

    public TimeSpan SlownessOf(WorkerId worker) => Look(() => slots[worker.Slot].Slowness);

    /// <summary>Starts a worker where none is. Done when the pool has a session with it, or when it has died before.</summary>
    public Task Start(ScriptedSlot slot)
    {
        PretendedProcess process;
        Task settled;
        lock (gate)
        {
            if (stopped || slot.Process is not null)
            {
                return slot.Settled.Task;
            }

            slot.BootBegins();
            settled = slot.Settled.Task;
            slot.HasGivenUp = false;
            slot.IsPausing = false;
            slot.Id = slot.Id with { Incarnation = slot.Id.Incarnation + 1 };
            process = slot.Process = new PretendedProcess(
                this, slot.Id, ++lastPid, LedgerPage.InMemory(options.Concurrency, slot.Id.Incarnation), Time.GetTimestamp(), Time.GetUtcNow());
        }

        Own(Task.Run(() => BootAsync(slot, process)));
        return settled;
    }

    /// <summary>A worker ends. Null: it had ended before.</summary>
    public DeathReport? Died(PretendedProcess process, TestDeath death, Leave? leave = null)
    {
        if (!process.End())
        {
            return null;
        }

        // Whoever asks it now is told what the worker's own marks say.
        var evidence = process.Ledger.Evidence(process.Id.Incarnation);
        var known = load(process.Id);
        var running = known.RunningBy is { } by ? by(evidence) : known.RunningTasks;
        var report = Bury(process, death, leave, evidence, running);
        Log.Died(logger, report);
        if (process.Worker is { } worker)
        {
            Own(worker.DisposeAsync().AsTask());
        }

        Continue(slots[process.Id.Slot]);
        return report;
    }

    void IWorkerBackChannel.Kill(WorkerId worker, string reason, TimeSpan grace) => Leaves(worker, new Leave(LeaveKind.Ordered, reason, Signalled: true), grace);

    void IWorkerBackChannel.Connected(WorkerId worker)
    {
        lock (gate)
        {
            if (slots[worker.Slot] is { Process: { } process } slot && process.Id == worker)
            {
                slot.BootEnded();
            }
        }
    }

    void IWorkerBackChannel.Reject(WorkerId worker, string reason) => Leaves(worker, new Leave(LeaveKind.Rejected, reason, Signalled: true), TimeSpan.Zero);

    void IWorkerBackChannel.PrepareReplacement(WorkerId worker)
    {
        // It starts when the place is free.
    }

    void IWorkerBackChannel.Recycle(WorkerId worker, string reason) => Leaves(worker, new Leave(LeaveKind.Recycle, reason, Signalled: false), Timeout.InfiniteTimeSpan);

    public async ValueTask DisposeAsync()
    {
        PretendedProcess[] left;
        lock (gate)
        {
            if (stopped)
            {
                return;
            }

            stopped = true;
            left = [.. slots.Select(static s => s.Process).OfType<PretendedProcess>()];
        }

        await stop.CancelAsync().ConfigureAwait(false);
        foreach (var process in left)
        {
            Died(process, TestDeath.Exit(0), new Leave(LeaveKind.Stop, "the pool is stopping", Signalled: false));
        }

        while (Unfinished() is { Length: > 0 } all)
        {
            await Task.WhenAll(all).ConfigureAwait(false);
        }

        feed.Complete();
    }

    private Task[] Unfinished()
    {
        lock (gate)
        {
            return [.. tasks.Where(static t => !t.IsCompletedSuccessfully)];
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "{Report}")]
        public static partial void Died(ILogger logger, DeathReport report);
    }
}
