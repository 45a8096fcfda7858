using System.Collections.Immutable;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace WorkerHost.Supervision;

/// <summary>
/// The one owner of all slots of a supervisor: takes messages in order, asks the slot's machine, acts. Nothing here
/// decides, and nothing else touches a slot.
/// </summary>
internal sealed partial class SupervisorLoop
{
    private readonly SupervisorOptions options;
    private readonly TimeProvider time;
    private readonly ILogger logger;
    private readonly OutputLog outputLog;
    private readonly PrivateDirectory directory;
    private readonly Launcher launcher;
    private readonly long origin;
    private readonly Seat[] seats;
    private readonly Channel<SupervisorMessage> inbox = Channel.CreateUnbounded<SupervisorMessage>(new UnboundedChannelOptions { SingleReader = true });
    private readonly TaskCompletionSource firstReady = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<Task> cleaning = [];
    private readonly List<WorkerDeath> untold = [];
    private ImmutableArray<WorkerStatus> statuses = [];
    private Func<WorkerId, WorkerLoad>? load;
    private DeathReport? lastDeath;

    public SupervisorLoop(WorkerCommand command, SupervisorOptions options, TimeProvider time, ILoggerFactory loggers, Random random)
    {
        this.options = options;
        this.time = time;
        origin = time.GetTimestamp();
        logger = loggers.CreateLogger("WorkerHost.Supervisor");
        directory = new PrivateDirectory(options.Directory);
        launcher = new Launcher(command, options, directory);
        outputLog = new OutputLog(loggers);
        var times = new SlotTimes(options.BootTimeout, options.DrainTimeout, options.TerminateGrace);
        seats = [.. Enumerable.Range(0, options.Workers).Select(slot =>
            new Seat(slot, new SlotMachine(times, new RestartPolicy(options.Restart, new Random(random.Next())))))];
        ShowStatuses();
    }

    public WorkerSetFeed Feed { get; } = new();

    public ImmutableArray<WorkerStatus> Statuses => statuses;

    /// <summary>Ends when a worker has become ready; fails when every slot's first boot has failed.</summary>
    public Task FirstReady => firstReady.Task;

    public string Directory => directory.Path;

    public void Tell(SupervisorMessage message) => inbox.Writer.TryWrite(message);

    public void ReportLoad(Func<WorkerId, WorkerLoad> source) => Volatile.Write(ref load, source);

    /// <summary>Returns when every slot has ended and everything is cleaned up.</summary>
    public async Task RunAsync()
    {
        Exception? error = null;
        try
        {
            Log.Starting(logger, options.PoolName, options.Workers, launcher.CommandText);
            foreach (var seat in seats)
            {
                await ApplyAsync(seat, new SlotEvent.Start(Now()), null).ConfigureAwait(false);
                ShowStatuses();
            }

            if (SpawnThread.Shared.WardenProblem is { } problem)
            {
                Log.NoWarden(logger, problem);
            }

            while (!seats.All(s => s.Machine.State == SlotState.Stopped))
            {
                await HandleAsync(await inbox.Reader.ReadAsync().ConfigureAwait(false)).ConfigureAwait(false);
                ShowStatuses();
            }
        }
        catch (Exception e)
        {
            error = e;
            Log.Failed(logger, options.PoolName, e);
            KillAll();
            throw;
        }
        finally
        {
            await CloseAsync(error).ConfigureAwait(false);
        }
    }

    private async Task HandleAsync(SupervisorMessage message)
    {
        switch (message)
        {
            case SupervisorMessage.Booted booted:
                await BootedAsync(seats[booted.Id.Slot], booted.Id).ConfigureAwait(false);
                break;
            case SupervisorMessage.Exited exited:
                await ExitedAsync(seats[exited.Id.Slot], exited).ConfigureAwait(false);
                break;
            case SupervisorMessage.TimerElapsed elapsed:
                await TimerElapsedAsync(seats[elapsed.Slot], elapsed.Number).ConfigureAwait(false);
                break;
            case SupervisorMessage.Kill kill when SeatOf(kill.Id) is { } seat:
                await ApplyAsync(seat, new SlotEvent.KillRequested(Now(), kill.Id.Incarnation, kill.Reason, kill.Grace), null).ConfigureAwait(false);
                break;
            case SupervisorMessage.Recycle recycle when SeatOf(recycle.Id) is { } seat:
                await ApplyAsync(seat, new SlotEvent.RecycleRequested(Now(), recycle.Id.Incarnation, recycle.Reason), null).ConfigureAwait(false);
                break;
            case SupervisorMessage.Reject reject when SeatOf(reject.Id) is { } seat:
                await ApplyAsync(seat, new SlotEvent.Rejected(Now(), reject.Id.Incarnation, reject.Reason), null).ConfigureAwait(false);
                break;
            case SupervisorMessage.Kill or SupervisorMessage.Recycle or SupervisorMessage.Reject:
                break;
            case SupervisorMessage.Stop:
                await StopAsync().ConfigureAwait(false);
                break;
            default:
                throw new InvalidOperationException($"a supervisor does not know what to do with {message}");
        }
    }

    private async Task BootedAsync(Seat seat, WorkerId id)
    {
        if (seat.Machine.State == SlotState.Starting && seat.Worker is { } worker && worker.Id == id)
        {
            worker.MarkReady();
            Log.Ready(logger, id, worker.Pid, worker.Uptime.TotalMilliseconds);
        }

        await ApplyAsync(seat, new SlotEvent.Booted(Now(), id.Incarnation), null).ConfigureAwait(false);
        firstReady.TrySetResult();
    }

    private async Task ExitedAsync(Seat seat, SupervisorMessage.Exited exited)
    {
        if (exited.Worker is { } worker)
        {
            // Before the machine decides: it may fill the seat anew.
            seat.Worker = ReferenceEquals(seat.Worker, worker) ? null : seat.Worker;
            cleaning.RemoveAll(t => t.IsCompletedSuccessfully);
            cleaning.Add(worker.CleanUpAsync());
        }

        seat.FirstBootFailed |= exited.Id.Incarnation == 1 && exited.Worker?.ReadyOn is null;
        var e = new SlotEvent.Exited(Now(), exited.Id.Incarnation, exited.Facts, exited.Worker?.Evidence.Finished);
        await ApplyAsync(seat, e, exited).ConfigureAwait(false);
        if (!firstReady.Task.IsCompleted && seats.All(s => s.FirstBootFailed))
        {
            firstReady.TrySetException(new WorkerStartException(
                options.PoolName, launcher.CommandText, [.. seats.Select(s => s.FirstDeath!)]));
        }
    }

    private async Task TimerElapsedAsync(Seat seat, long number)
    {
        if (number != seat.TimerNumber)
        {
            return;
        }

        var incarnation = seat.Machine.Incarnation;
        SlotEvent e = seat.TimerKind switch
        {
            SlotTimer.Boot => new SlotEvent.BootTimedOut(Now(), incarnation),
            SlotTimer.Drain => new SlotEvent.DrainTimedOut(Now(), incarnation),
            SlotTimer.Grace => new SlotEvent.GraceElapsed(Now(), incarnation),
            SlotTimer.Backoff => new SlotEvent.BackoffElapsed(Now(), incarnation),
            _ => throw new InvalidOperationException($"no such timer: {seat.TimerKind}"),
        };
        await ApplyAsync(seat, e, null).ConfigureAwait(false);
    }

    private async Task StopAsync()
    {
        Log.Stopping(logger, options.PoolName);
        firstReady.TrySetCanceled();
        foreach (var seat in seats)
        {
            await ApplyAsync(seat, new SlotEvent.StopRequested(Now()), null).ConfigureAwait(false);
        }
    }

    private async Task ApplyAsync(Seat seat, SlotEvent e, SupervisorMessage.Exited? exited)
    {
        foreach (var action in seat.Machine.Handle(e))
        {
            switch (action)
            {
                case SlotAction.Spawn spawn:
                    await SpawnAsync(seat, new WorkerId(options.PoolName, seat.Slot, spawn.Incarnation)).ConfigureAwait(false);
                    break;
                case SlotAction.AskToLeave:
                    seat.Worker?.AskToLeave();
                    break;
                case SlotAction.Terminate:
                    seat.Worker?.Terminate();
                    break;
                case SlotAction.KillGroup:
                    seat.Worker?.KillGroup();
                    break;
                case SlotAction.SetTimer timer:
                    seat.SetTimer(time, timer.Kind, timer.Delay, Tell);
                    break;
                case SlotAction.CancelTimer:
                    seat.CancelTimer();
                    break;
                case SlotAction.Report report:
                    Report(seat, report, exited ?? throw new InvalidOperationException($"a death without an exit: {e}"));
                    break;
                case SlotAction.Publish:
                    Publish();
                    break;
                case SlotAction.Abandon abandon:
                    Log.Stayed(logger, new WorkerId(options.PoolName, seat.Slot, abandon.Incarnation), seat.Worker?.Pid ?? 0);
                    break;
                default:
                    throw new InvalidOperationException($"a supervisor cannot do {action}");
            }
        }
    }

    /// <summary>
    /// Waits for the spawn itself, about a millisecond: in return nothing can be asked of a process that is not there yet.
    /// </summary>
    private async Task SpawnAsync(Seat seat, WorkerId id)
    {
        WorkerProcess? worker = null;
        try
        {
            worker = new WorkerProcess(
                launcher.Plan(id),
                new WorkerOutput(id, outputLog, options.OutputTailLines, Now),
                time,
                Now,
                Tell,
                (who, error) => Log.WatchFailed(logger, who.Id, error));
            seat.Worker = worker;
            await worker.StartAsync(launcher).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or System.Net.Sockets.SocketException)
        {
            // Through the inbox like any other end: a machine is not told of an end while it is still starting.
            Tell(new SupervisorMessage.Exited(id, worker, ExitFacts.NotStarted(e.Message), null));
        }
    }

    private void Report(Seat seat, SlotAction.Report action, SupervisorMessage.Exited exited)
    {
        var report = DeathReports.Make(action, exited, LoadOf(exited.Id));
        seat.LastDeath = report;
        seat.FirstDeath ??= report;
        lastDeath = report;
        untold.Add(new WorkerDeath(report, exited.Worker?.Evidence ?? LedgerEvidence.None));
        if (report.Cause is DeathCause.Stop or DeathCause.Recycle)
        {
            Log.Left(logger, report);
        }
        else
        {
            Log.Died(logger, report);
        }
    }

    private WorkerLoad LoadOf(WorkerId id)
    {
        try
        {
            return Volatile.Read(ref load)?.Invoke(id) ?? WorkerLoad.None;
        }
        catch (Exception e)
        {
            Log.LoadFailed(logger, id, e);
            return WorkerLoad.None;
        }
    }

    private void Publish()
    {
        var before = Feed.Current;
        var set = Snapshots.Workers(before.Version + 1, seats, [.. untold], lastDeath, options.Concurrency, Now());
        if (!Snapshots.Same(before, set))
        {
            untold.Clear();
            Feed.Publish(set);
        }
    }

    private void ShowStatuses()
    {
        var today = time.GetUtcNow();
        var now = Now();
        ImmutableInterlocked.InterlockedExchange(
            ref statuses, [.. seats.Select(s => Snapshots.Status(options.PoolName, s, today, now))]);
    }

    private Seat? SeatOf(WorkerId id) =>
        string.Equals(id.Pool, options.PoolName, StringComparison.Ordinal) && id.Slot >= 0 && id.Slot < seats.Length ? seats[id.Slot] : null;

    private TimeSpan Now() => time.GetElapsedTime(origin);

    private void KillAll()
    {
        foreach (var seat in seats)
        {
            seat.Worker?.KillGroup();
        }
    }

    private async Task CloseAsync(Exception? error)
    {
        inbox.Writer.TryComplete();
        foreach (var seat in seats)
        {
            seat.CancelTimer();
            if (seat.Worker is { } stayed)
            {
                cleaning.Add(stayed.CleanUpAsync());
            }
        }

        await Task.WhenAll(cleaning).ConfigureAwait(false);
        await outputLog.DisposeAsync().ConfigureAwait(false);
        directory.Dispose();
        firstReady.TrySetCanceled();
        Feed.Complete(error);
        Log.Stopped(logger, options.PoolName);
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "pool {Pool}: starting {Workers} workers: {Command}")]
        public static partial void Starting(ILogger logger, string pool, int workers, string command);

        [LoggerMessage(2, LogLevel.Information, "worker {Worker} (pid {Pid}) is ready after {Milliseconds:0} ms")]
        public static partial void Ready(ILogger logger, WorkerId worker, int pid, double milliseconds);

        [LoggerMessage(3, LogLevel.Warning, "{Report}")]
        public static partial void Died(ILogger logger, DeathReport report);

        [LoggerMessage(4, LogLevel.Information, "{Report}")]
        public static partial void Left(ILogger logger, DeathReport report);

        [LoggerMessage(5, LogLevel.Information, "pool {Pool}: stopping")]
        public static partial void Stopping(ILogger logger, string pool);

        [LoggerMessage(6, LogLevel.Information, "pool {Pool}: stopped")]
        public static partial void Stopped(ILogger logger, string pool);

        [LoggerMessage(7, LogLevel.Error, "worker {Worker} (pid {Pid}) has not ended after SIGKILL and is left behind; is it stuck in the kernel (state D in ps)?")]
        public static partial void Stayed(ILogger logger, WorkerId worker, int pid);

        [LoggerMessage(8, LogLevel.Critical, "pool {Pool}: the supervisor failed and has killed its workers")]
        public static partial void Failed(ILogger logger, string pool, Exception error);

        [LoggerMessage(9, LogLevel.Warning, "{Problem}; if this process is killed, what its workers have started may live on")]
        public static partial void NoWarden(ILogger logger, string problem);

        [LoggerMessage(10, LogLevel.Error, "worker {Worker}: watching it failed")]
        public static partial void WatchFailed(ILogger logger, WorkerId worker, Exception error);

        [LoggerMessage(11, LogLevel.Error, "worker {Worker}: its pool could not say what it was running")]
        public static partial void LoadFailed(ILogger logger, WorkerId worker, Exception error);
    }
}
