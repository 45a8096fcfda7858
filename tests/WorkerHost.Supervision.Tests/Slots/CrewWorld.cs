using System.Collections.Immutable;

namespace WorkerHost.Supervision.Tests.Slots;

/// <summary>
/// A crew with a world that obeys it: processes boot, work and end when a test says so, timers fire when it lets time pass.
/// Checks after every event what must hold at all times.
/// </summary>
internal sealed class CrewWorld
{
    private readonly Dictionary<int, (SlotTimer Kind, TimeSpan At)> timers = [];
    private readonly Dictionary<int, Process> processes = [];
    private int lowest;

    public CrewWorld(int workers, int spares, int maxSurge = 1, RestartOptions? restart = null, int seed = 1)
    {
        var random = new Random(seed);
        Crew = new Crew(new CrewSize(workers, spares, maxSurge), _ => new SlotMachine(SlotWorld.Times, new RestartPolicy(restart ?? new RestartOptions(), new Random(random.Next()))));
    }

    public Crew Crew { get; }

    public TimeSpan Now { get; set; } = TimeSpan.FromSeconds(100);

    public IReadOnlyDictionary<int, Process> Processes => processes;

    public int Alive => processes.Count;

    /// <summary>Numbers of those who take tasks.</summary>
    public int[] Serving => [.. Crew.Slots.Where(s => s.Serves).Select(s => s.Number)];

    public int[] Spares => [.. Crew.Slots.Where(s => s.IsSpare).Select(s => s.Number)];

    public int Spawns { get; private set; }

    public List<string> Reports { get; } = [];

    public CrewWorld Start()
    {
        Act(Crew.Start(Now));
        return this;
    }

    /// <summary>Everything boots that has been started, until nothing more is.</summary>
    public CrewWorld AllBoot()
    {
        while (processes.Any(p => p.Value.Boots))
        {
            Boot(processes.First(p => p.Value.Boots).Key);
        }

        return this;
    }

    public void Boot(int slot)
    {
        processes[slot].Boots = false;
        Act(Crew.Handle(slot, new SlotEvent.Booted(Now, processes[slot].Incarnation)));
    }

    public void Exit(int slot, ExitFacts? facts = null, long finished = 1)
    {
        processes.Remove(slot, out var process);
        Act(Crew.Handle(slot, new SlotEvent.Exited(Now, process!.Incarnation, facts ?? ExitFacts.Signalled(9), finished)));
    }

    /// <summary>Those who were told to leave do so.</summary>
    public void LeaversGo()
    {
        while (processes.Any(p => p.Value.ToldToLeave))
        {
            Exit(processes.First(p => p.Value.ToldToLeave).Key, ExitFacts.Exited(0));
        }
    }

    public void Recycle(int slot, string reason = "too old") =>
        Act(Crew.Handle(slot, new SlotEvent.RecycleRequested(Now, Crew.Slots[slot].Machine.Incarnation, reason)));

    public void Kill(int slot, double graceSeconds) =>
        Act(Crew.Handle(slot, new SlotEvent.KillRequested(Now, Crew.Slots[slot].Machine.Incarnation, "task 7", TimeSpan.FromSeconds(graceSeconds))));

    public void Condemn(int slot, LeaveKind kind) =>
        Act(Crew.Handle(slot, new SlotEvent.Condemned(Now, Crew.Slots[slot].Machine.Incarnation, kind, "too bad")));

    public void Resize(int workers, int? spares = null) => Act(Crew.Resize(Crew.Size with { Workers = workers, Spares = spares ?? Crew.Size.Spares }, Now));

    public void Restart(bool rolling = true) => Act(Crew.Restart(rolling, "rolling restart", Now));

    public void Stop() => Act(Crew.Stop(Now));

    /// <summary>The next timer that is due; false: there is none.</summary>
    public bool FireTimer()
    {
        if (timers.Count == 0)
        {
            return false;
        }

        FireTimer(timers.MinBy(t => t.Value.At).Key);
        return true;
    }

    public void FireTimer(int slot)
    {
        Assert.True(timers.Remove(slot, out var timer), $"slot {slot} has no timer");
        var (kind, at) = timer;
        Now = at > Now ? at : Now;
        var incarnation = Crew.Slots[slot].Machine.Incarnation;
        Act(Crew.Handle(slot, kind switch
        {
            SlotTimer.Boot => new SlotEvent.BootTimedOut(Now, incarnation),
            SlotTimer.Drain => new SlotEvent.DrainTimedOut(Now, incarnation),
            SlotTimer.Grace => new SlotEvent.GraceElapsed(Now, incarnation),
            _ => new SlotEvent.BackoffElapsed(Now, incarnation),
        }));
    }

    /// <summary>From now on it is a violation if fewer take tasks.</summary>
    public void NeverBelow(int serving) => lowest = serving;

    private void Act(ImmutableArray<CrewAction> actions)
    {
        foreach (var (slot, action) in actions)
        {
            switch (action)
            {
                case SlotAction.Spawn spawn:
                    Assert.False(processes.ContainsKey(slot), $"slot {slot} has a process and spawns another");
                    processes.Add(slot, new Process { Incarnation = spawn.Incarnation });
                    Spawns++;
                    break;
                case SlotAction.SetTimer timer:
                    timers[slot] = (timer.Kind, Now + timer.Delay);
                    break;
                case SlotAction.CancelTimer:
                    timers.Remove(slot);
                    break;
                case SlotAction.AskToLeave or SlotAction.Terminate:
                    processes[slot].ToldToLeave = true;
                    processes[slot].Boots = false;
                    break;
                case SlotAction.KillGroup:
                    processes[slot].ToldToLeave = true;
                    processes[slot].Hurried = true;
                    processes[slot].Boots = false;
                    break;
                case SlotAction.Report report:
                    Reports.Add($"{slot}#{report.Incarnation} {report.Cause}: {report.Next}");
                    break;
                default:
                    break;
            }

            if (action is SlotAction.Terminate)
            {
                processes[slot].Hurried = true;
            }
        }

        Check();
    }

    private void Check()
    {
        var size = Crew.Size;
        Assert.All(Crew.Slots.Where(s => s.Serves), s => Assert.Equal(SlotState.Ready, s.Machine.State));
        Assert.True(Serving.Length <= size.Workers, "more serve than there are to be");
        Assert.False(Serving.Length < size.Workers && Spares.Length > 0 && !Stopping, "a spare waits while a place is empty");
        Assert.True(Serving.Length >= lowest, $"only {Serving.Length} serve");
        if (!Shrunk)
        {
            Assert.True(processes.Count(p => !p.Value.Hurried) <= size.Workers + size.Spares + size.MaxSurge, "more are alive than the surge allows");
        }
    }

    public bool Stopping { get; set; }

    /// <summary>It was made smaller while those it had are still there.</summary>
    public bool Shrunk { get; set; }

    internal sealed class Process
    {
        public required long Incarnation { get; init; }

        public bool Boots { get; set; } = true;

        public bool ToldToLeave { get; set; }

        public bool Hurried { get; set; }
    }
}
