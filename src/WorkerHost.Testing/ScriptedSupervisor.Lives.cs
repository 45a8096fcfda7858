using System.Collections.Immutable;
using Microsoft.Extensions.Logging.Abstractions;
using WorkerHost.Supervision;
using WorkerHost.Worker;

namespace WorkerHost.Testing;

/// <summary>How workers come and go.</summary>
internal sealed partial class ScriptedSupervisor
{
    private async Task BootAsync(ScriptedSlot slot, PretendedProcess process)
    {
        InProcessWorker? booted = null;
        string? failure;
        string[] output = [];
        lock (gate)
        {
            failure = slot.NeverReady;
        }

        try
        {
            booted = failure is null ? await InProcessWorker.BootAsync(Launch(process), stop.Token).ConfigureAwait(false) : null;
        }
        catch (Exception e)
        {
            failure = $"its program threw {e.GetType()}: {e.Message}";
            output = e.ToString().Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        }

        if (booted is null)
        {
            Died(process, TestDeath.Exit(WorkerExitCode.CannotServe) with { LastOutput = [.. output] }, new Leave(LeaveKind.Rejected, failure!, Signalled: false));
            return;
        }

        bool ended;
        lock (gate)
        {
            process.Worker = booted;
            process.ReadyAt = Time.GetTimestamp();
            ended = process.IsDead;
            if (!ended)
            {
                Publish([]);
            }
        }

        if (ended)
        {
            await booted.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>It gives no sign of life from now on.</summary>
    public void WatchHung(PretendedProcess process, Task resumed) => Own(KillHungAsync(process, resumed));

    private async Task KillHungAsync(PretendedProcess process, Task resumed)
    {
        try
        {
            await resumed.WaitAsync(options.DeadAfter, Time, stop.Token).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            Died(process, TestDeath.KilledFromOutside, new Leave(LeaveKind.Hang, $"no sign of life for {DurationText.Of(options.DeadAfter)} (TestPoolOptions.DeadAfter)", Signalled: true));
        }
        catch (OperationCanceledException)
        {
            // The pool is stopping, and ends it.
        }
    }

    private DeathReport Bury(PretendedProcess process, TestDeath death, Leave? leave, LedgerEvidence evidence, ImmutableArray<string> running)
    {
        var slot = slots[process.Id.Slot];
        lock (gate)
        {
            var cause = DeathClassifier.Classify(death.Facts, leave, process.ReadyAt is not null);
            var (next, pause) = Next(slot, cause);
            var report = new DeathReport
            {
                Worker = process.Id,
                Pid = process.Pid,
                Time = Time.GetUtcNow(),
                Uptime = Time.GetElapsedTime(process.Begun),
                ReadyFor = process.ReadyAt is { } since ? Time.GetElapsedTime(since) : null,
                Cause = cause,
                ExitCode = death.Facts.ExitCode,
                Signal = death.Facts.Signal is { } signal ? SignalNames.Name(signal) : null,
                Reason = leave?.Reason,
                RunningTasks = running,
                LastOutput = death.LastOutput,
                TasksFinished = evidence.Finished,
                Next = next,
                NextTryIn = pause,
            };
            slot.Process = null;
            slot.LastDeath = report;
            slot.HasGivenUp = cause == DeathCause.BootFailure;
            slot.IsPausing = pause is not null;
            slot.BootEnded();
            deaths.Add(report);
            Publish([new WorkerDeath(report, evidence)]);
            return report;
        }
    }

    private (string Words, TimeSpan? Pause) Next(ScriptedSlot slot, DeathCause cause) =>
        stopped ? ("nothing: the pool is stopping", null)
        : cause == DeathCause.BootFailure ? ("nothing until TestWorker.RestartAsync", null)
        : options.RestartAfter is not { } pause ? ("nothing until TestWorker.RestartAsync (TestPoolOptions.RestartAfter is null)", null)
        : pause == TimeSpan.Zero ? ("restart at once", pause)
        : ($"restart in {DurationText.Of(pause)}", pause);

    /// <summary>After a death: the next worker, now, later or never.</summary>
    private void Continue(ScriptedSlot slot)
    {
        TimeSpan? pause;
        lock (gate)
        {
            pause = slot.IsPausing ? options.RestartAfter : null;
        }

        if (pause == TimeSpan.Zero)
        {
            _ = Start(slot);
        }
        else if (pause is { } wait)
        {
            Own(StartLaterAsync(slot, wait));
        }
    }

    private async Task StartLaterAsync(ScriptedSlot slot, TimeSpan pause)
    {
        try
        {
            await Task.Delay(pause, Time, stop.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return;
        }

        if (Look(() => slot.IsPausing))
        {
            _ = Start(slot);
        }
    }

    /// <summary>Told to leave: it takes nothing new and finishes what it has, at most for so long.</summary>
    private void Leaves(WorkerId worker, Leave leave, TimeSpan grace)
    {
        PretendedProcess? process;
        lock (gate)
        {
            process = slots[worker.Slot].Process is { Worker: not null } alive && alive.Id == worker ? alive : null;
            if (process is null || process.LeavingBecause is not null)
            {
                return;
            }

            process.LeavingBecause = leave.Reason;
            if (grace != TimeSpan.Zero)
            {
                Publish([]);
            }
        }

        if (grace == TimeSpan.Zero)
        {
            Died(process, TestDeath.KilledFromOutside, leave);
        }
        else
        {
            Own(LeaveAsync(process, leave, grace));
        }
    }

    private async Task LeaveAsync(PretendedProcess process, Leave leave, TimeSpan grace)
    {
        // A worker that hangs does not hear that it is to leave.
        if (!process.IsHeld)
        {
            process.Worker!.Drain();
        }

        try
        {
            await process.Worker!.Empty.WaitAsync(grace, Time, stop.Token).ConfigureAwait(false);
            Died(process, TestDeath.Exit(0), leave);
        }
        catch (TimeoutException)
        {
            Died(process, TestDeath.KilledFromOutside, leave);
        }
        catch (OperationCanceledException)
        {
            // The pool is stopping, and ends it.
        }
    }

    /// <summary>Under the lock.</summary>
    private void Publish(ImmutableArray<WorkerDeath> died)
    {
        var alive = slots.Select(static s => s.Process).OfType<PretendedProcess>().Where(static p => p is { Worker: not null, IsDead: false }).ToList();
        var hopeless = !stopped && slots.All(static s => s is { Process: null, HasGivenUp: true });
        feed.Publish(new WorkerSet(
            ++version,
            [.. alive.Where(static p => p.LeavingBecause is null).Select(EndpointOf)],
            Spares: [],
            [.. alive.Where(static p => p.LeavingBecause is not null).Select(static p => p.Id)],
            died,
            hopeless ? new WorkerOutlook(Hopeless: true, deaths[^1], NextTry: null) : WorkerOutlook.Hopeful));
    }

    private WorkerEndpoint EndpointOf(PretendedProcess process) =>
        new(process.Id, new Uri($"pretended:{process.Id.Pool}/{process.Id.Slot}"), process.Pid, Secret: null, options.Concurrency) { InProcess = process.Worker!.Endpoint };

    private WorkerStatus StatusOf(ScriptedSlot slot)
    {
        var process = slot.Process;
        var known = process?.Worker is null ? WorkerLoad.None : load(process.Id);
        return new WorkerStatus
        {
            Id = slot.Id,
            Pid = process?.Pid ?? 0,
            State = stopped ? SlotState.Stopped : slot.State,
            StartedAt = process?.StartedAt,
            RunningTasks = known.RunningTasks.Length,
            TasksFinished = process?.Worker?.FinishedTasks ?? 0,
            LeavingBecause = process?.LeavingBecause,
            BreakerOpen = slot.HasGivenUp,
            LastDeath = slot.LastDeath,
        };
    }

    private InProcessLaunch Launch(PretendedProcess process) => new()
    {
        Line = new LaunchLine
        {
            MinProtocol = ProtocolLimits.MinVersion,
            MaxProtocol = ProtocolLimits.MaxVersion,
            Pool = options.Name,
            Slot = process.Id.Slot,
            Incarnation = process.Id.Incarnation,
            Address = $"pretended:{options.Name}/{process.Id.Slot}",
            HostInstance = $"pretended-{process.Pid}",
            Concurrency = options.Concurrency,
            DrainMilliseconds = 0,
            MaxMessageBytes = options.MaxMessageBytes,
        },
        Map = map,
        Time = Time,
        Loggers = options.LoggerFactory ?? NullLoggerFactory.Instance,
        Ledger = process.Ledger,
        Tap = process,
    };

    /// <summary>Awaited at disposal.</summary>
    private void Own(Task task)
    {
        lock (gate)
        {
            tasks.RemoveAll(static t => t.IsCompletedSuccessfully);
            tasks.Add(task);
        }
    }
}
