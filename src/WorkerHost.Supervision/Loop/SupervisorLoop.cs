using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace WorkerHost.Supervision;

/// <summary>
/// The one owner of all slots of a supervisor: takes messages in order, asks the crew, acts. Nothing here
/// decides, and nothing else touches a slot.
/// </summary>
internal sealed partial class SupervisorLoop
{
    private readonly SupervisorOptions options;
    private readonly TimeProvider time;
    private readonly EventLog events;
    private readonly EventLogger logger;
    private readonly OutputSink output;
    private readonly PrivateDirectory directory;
    private readonly Launcher launcher;
    private readonly long origin;
    private readonly OomWatch oom;
    private readonly Crew crew;
    private readonly List<Seat> seats = [];
    private readonly Channel<SupervisorMessage> inbox = Channel.CreateUnbounded<SupervisorMessage>(new UnboundedChannelOptions { SingleReader = true });
    private readonly TaskCompletionSource firstReady = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<Goal> goals = [];
    private readonly List<Task> cleaning = [];
    private Func<WorkerId, WorkerLoad>? load;

    public SupervisorLoop(WorkerCommand command, SupervisorOptions options, TimeProvider time, ILoggerFactory loggers, Random random)
    {
        this.options = options;
        this.time = time;
        origin = time.GetTimestamp();
        events = new EventLog(options.PoolName, options.KeptEvents, time, options.Names);
        var facts = HostFacts.Probe();
        var isolation = IsolationPlan.Make(options.Isolation, facts);
        oom = OomWatch.For(facts.ControlGroups);
        directory = new PrivateDirectory(options.Directory, isolation.Account);
        launcher = new Launcher(command, options, isolation, directory);
        try
        {
            logger = new EventLogger(events, loggers.CreateLogger("WorkerHost.Supervisor"));
            output = OutputSink.For(options.Output, loggers);
        }
        catch
        {
            // A factory of the user's that throws.
            directory.Dispose();
            throw;
        }

        this.random = random;
        pace = new LookPace(options.Liveness);
        var times = new SlotTimes(options.BootTimeout, options.DrainTimeout, options.TerminateGrace, options.Recycling.MaxDrain) { Names = options.Names };
        crew = new Crew(
            new CrewSize(options.Workers, options.SparesFor(options.Workers), options.MaxSurge),
            _ => new SlotMachine(times, new RestartPolicy(options.Restart, new Random(random.Next()))));
        picture = SupervisorPicture.Before(crew.Size, options.ReadyAtLeast, options.Names);
    }

    public WorkerSetFeed Feed { get; } = new();

    /// <summary>How everything was after the last change.</summary>
    public SupervisorPicture Picture => Volatile.Read(ref picture);

    public EventLog Events => events;

    /// <summary>Ends when a worker has become ready; fails when the first boot of every worker has failed.</summary>
    public Task FirstReady => firstReady.Task;

    public string Directory => directory.Path;

    public void Tell(SupervisorMessage message) => TryTell(message);

    /// <summary>False: it has stopped.</summary>
    public bool TryTell(SupervisorMessage message) => inbox.Writer.TryWrite(message);

    public void ReportLoad(Func<WorkerId, WorkerLoad> source) => Volatile.Write(ref load, source);

    /// <summary>Returns when every slot has ended and everything is cleaned up.</summary>
    public async Task RunAsync()
    {
        Exception? error = null;
        try
        {
            Say(new SupervisorEvent.Starting(options.Workers, launcher.CommandText));
            cleaning.Add(Task.Run(Sweep));
            SpawnThread.Shared.Warden.Noticed += Notice;
            await ActAsync(crew.Start(Now()), null).ConfigureAwait(false);
            if (SpawnThread.Shared.Warden.Problem is { } problem)
            {
                Say(new SupervisorEvent.NoWarden(problem));
            }

            using var looking = StartLooking();
            while (!crew.HasStopped)
            {
                await HandleAsync(await inbox.Reader.ReadAsync().ConfigureAwait(false)).ConfigureAwait(false);
                goals.RemoveAll(g => g.IsSettled(crew, lastDeath));
            }
        }
        catch (Exception e)
        {
            error = e;
            Say(new SupervisorEvent.Failed(e));
            KillAll();
            throw;
        }
        finally
        {
            await CloseAsync(error).ConfigureAwait(false);
        }
    }

    private void Notice(SupervisorEvent what) => Tell(new SupervisorMessage.Noticed(what));

    private void Sweep()
    {
        try
        {
            foreach (var path in AbandonedDirectories.Sweep(options.Directory).Concat(launcher.SweepControlGroups()))
            {
                Notice(new SupervisorEvent.DirectorySwept(path));
                if (Volatile.Read(ref stopping))
                {
                    return;
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The next start tries again.
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
            case SupervisorMessage.Request request:
                if (SeatOf(request.Id) is { } seat)
                {
                    await ActAsync(crew.Handle(seat.Number, request.At(Now())), null).ConfigureAwait(false);
                }

                break;
            case SupervisorMessage.Change change:
                goals.Add(change.Goal);
                await ActAsync(change.Apply(crew, Now()), null).ConfigureAwait(false);
                break;
            case SupervisorMessage.Noticed noticed:
                Say(noticed.What);
                break;
            case SupervisorMessage.Look:
                await LookAsync().ConfigureAwait(false);
                break;
            case SupervisorMessage.Stop:
                Say(new SupervisorEvent.Stopping());
                Volatile.Write(ref stopping, true);
                firstReady.TrySetCanceled();
                await ActAsync(crew.Stop(Now()), null).ConfigureAwait(false);
                break;
            default:
                throw new InvalidOperationException($"a supervisor does not know what to do with {message}");
        }
    }

    private async Task BootedAsync(Seat seat, WorkerId id)
    {
        // It may have been given up since.
        var inTime = seat.Machine.State == SlotState.Starting && seat.Worker?.Id == id;
        if (inTime)
        {
            seat.Worker!.MarkReady();
        }

        await ActAsync(crew.Handle(seat.Number, new SlotEvent.Booted(Now(), id.Incarnation)), null).ConfigureAwait(false);
        if (inTime)
        {
            firstReady.TrySetResult();
            AwaitEndOfProbation(seat);
        }
    }

    private async Task ExitedAsync(Seat seat, SupervisorMessage.Exited exited)
    {
        if (exited.Worker is { } worker)
        {
            // Before the crew decides: it may fill the seat anew.
            seat.Worker = ReferenceEquals(seat.Worker, worker) ? null : seat.Worker;
            CleanUp(worker);
        }

        seat.FirstBootFailed |= exited.Id.Incarnation == 1 && exited.Worker?.ReadyOn is null;
        var e = new SlotEvent.Exited(Now(), exited.Id.Incarnation, exited.Facts, exited.Worker?.Evidence.Finished);
        await ActAsync(crew.Handle(seat.Number, e), exited).ConfigureAwait(false);
        if (!firstReady.Task.IsCompleted && seats.TrueForAll(s => s.FirstBootFailed))
        {
            firstReady.TrySetException(new WorkerStartException(
                options.PoolName, launcher.CommandText, [.. seats.Select(s => s.FirstDeath!)]));
        }
    }

    /// <summary>Behind: whatever the old one has left, its successor does not wait for it.</summary>
    private void CleanUp(WorkerProcess worker)
    {
        cleaning.RemoveAll(static t => t.IsCompleted);
        cleaning.Add(Task.Run(async () =>
        {
            try
            {
                await worker.CleanUpAsync().ConfigureAwait(false);
            }
            catch (Exception e)
            {
                Say(new SupervisorEvent.Faulted(worker.Id, "cleaning up after it failed", e));
            }
        }));
    }

    private async Task TimerElapsedAsync(Seat seat, long number)
    {
        if (number != seat.TimerNumber)
        {
            return;
        }

        if (seat.TimerKind == SlotTimer.Probation)
        {
            ProbationElapsed(seat);
            return;
        }

        var incarnation = seat.Machine.Incarnation;
        SlotEvent e = seat.TimerKind switch
        {
            SlotTimer.Boot => new SlotEvent.BootTimedOut(Now(), incarnation),
            SlotTimer.Drain => new SlotEvent.DrainTimedOut(Now(), incarnation, RunningIn(seat)),
            SlotTimer.Grace => new SlotEvent.GraceElapsed(Now(), incarnation),
            SlotTimer.Backoff => new SlotEvent.BackoffElapsed(Now(), incarnation),
            _ => throw new InvalidOperationException($"no such timer: {seat.TimerKind}"),
        };
        await ActAsync(crew.Handle(seat.Number, e), null).ConfigureAwait(false);
    }

    private Seat? SeatOf(WorkerId id) =>
        string.Equals(id.Pool, options.PoolName, StringComparison.Ordinal) && id.Slot >= 0 && id.Slot < seats.Count ? seats[id.Slot] : null;

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
        SpawnThread.Shared.Warden.Noticed -= Notice;
        inbox.Writer.TryComplete();
        foreach (var seat in seats)
        {
            seat.CancelTimer();
            if (seat.Worker is { } stayed)
            {
                CleanUp(stayed);
            }
        }

        await Task.WhenAll(cleaning).ConfigureAwait(false);
        await output.DisposeAsync().ConfigureAwait(false);
        directory.Dispose();
        firstReady.TrySetCanceled();

        // Whoever still waits for something will not see it any more; the channel refuses what comes from now on.
        while (inbox.Reader.TryRead(out var message))
        {
            (message as SupervisorMessage.Change)?.Goal.GiveUp();
        }

        goals.ForEach(static g => g.GiveUp());
        Feed.Complete(error);
        Say(new SupervisorEvent.Stopped());
        events.Complete();
        await logger.DisposeAsync().ConfigureAwait(false);
    }
}
