namespace WorkerHost.Simulation.Tests;

/// <summary>
/// One schedule: the real crew and its slots, the real dispatcher, and between them processes, sessions, callers and
/// misfortune that follow from a seed. After every step the promises are checked.
/// </summary>
internal sealed partial class World
{
    /// <summary>Far more steps than any schedule takes: it does not come to rest.</summary>
    private const int MostSteps = 200_000;

    /// <summary>After the last fault everything accepted has to end within this time: the longest pauses and graces of the plan one after the other.</summary>
    private static readonly TimeSpan LongestEnd = TimeSpan.FromMinutes(4);

    private bool sabotaged;
    private ulong lastNumber;

    public World(ulong seed, Sabotage sabotage = Sabotage.None, bool tells = false)
    {
        Seed = seed;
        Sabotage = sabotage;
        Dice = new Dice(seed);
        Plan = new Plan(Dice, sabotage);
        Story = tells ? new Story(Agenda) : null;
        Pool = new SimPool(this);
        Supervisor = new SimSupervisor(this);
    }

    public ulong Seed { get; }

    public Sabotage Sabotage { get; }

    public Dice Dice { get; }

    public Plan Plan { get; }

    public Agenda Agenda { get; } = new();

    public Story? Story { get; }

    public SimPool Pool { get; }

    public SimSupervisor Supervisor { get; }

    /// <summary>Accepted ones.</summary>
    public List<SimTask> Tasks { get; } = [];

    /// <summary>All that were ever spawned.</summary>
    public List<SimProcess> Processes { get; } = [];

    /// <summary>Misfortune may happen.</summary>
    public bool Faulty { get; private set; } = true;

    public bool Stopping { get; private set; }

    public int Steps { get; private set; }

    public SimProcess Find(WorkerId id) => Processes.FindLast(p => p.Id == id)!;

    public bool Once(Sabotage what, bool when = true)
    {
        if (Sabotage != what || sabotaged || !when)
        {
            return false;
        }

        sabotaged = true;
        return true;
    }

    /// <summary>Runs to the end; throws at the first promise broken.</summary>
    public void Run()
    {
        Supervisor.Start();
        for (var i = 0; i < Plan.Tasks; i++)
        {
            var at = Plan.Bursts == 0 ? Dice.NextDouble() : (1 + Dice.Next(Plan.Bursts)) / (1.0 + Plan.Bursts);
            Agenda.At((long)(at * Plan.Span), SubmitOne);
        }

        for (var i = 0; i < Plan.Faults; i++)
        {
            Agenda.At((long)(Dice.NextDouble() * Plan.Span), Harm);
        }

        for (var i = 0; i < Plan.Changes; i++)
        {
            Agenda.At((long)(Dice.NextDouble() * Plan.Span), Change);
        }

        Agenda.At(Plan.Ending == Ending.Heal ? Plan.Span : (long)(Dice.NextDouble() * Plan.Span), BeginEnd);
        while (!IsOver && Agenda.Step())
        {
            Checks.AfterStep(this);
            if (++Steps > MostSteps || Agenda.Time > LongestEnd)
            {
                break;
            }
        }

        Checks.AtTheEnd(this);
    }

    private bool IsOver => Stopping && Supervisor.HasStopped && Pool is { SourceHasEnded: true, Dispatcher.Unsettled: 0 } && Processes.TrueForAll(static p => !p.Alive);

    // ---- how it ends ----

    private void BeginEnd()
    {
        switch (Plan.Ending)
        {
            case Ending.Heal:
                Heal();
                Agenda.After(TimeSpan.FromMilliseconds(100), StopWhenWhole);
                break;
            case Ending.StopPool:
                StopPool(TimeSpan.FromSeconds(Dice.Next(10)));
                break;
            case Ending.CancelWaiting:
                StopPool(TimeSpan.FromSeconds(10), cancelWaiting: true);
                break;
            case Ending.CancelAll:
                StopPool(TimeSpan.Zero);
                break;
            case Ending.StopSupervisor:
                Supervisor.Stop();
                Agenda.At(Plan.Span + (TimeSpan.TicksPerSecond * 5), () => StopPool(TimeSpan.FromSeconds(1)));
                break;
            default:
                throw new InvalidOperationException($"no such ending: {Plan.Ending}");
        }
    }

    /// <summary>Nothing goes wrong from now on, and what would never end by itself is cancelled.</summary>
    private void Heal()
    {
        Story?.Tell("from now on nothing goes wrong");
        Faulty = false;
        if (Supervisor.Size.Workers == 0)
        {
            Supervisor.Resize(1, 0);
        }

        foreach (var process in Processes)
        {
            process.Thaw();
        }

        CancelWhatNeverEnds();
    }

    private void CancelWhatNeverEnds()
    {
        // A cancellation may make room for a task that waits outside.
        for (var i = 0; i < Tasks.Count; i++)
        {
            if (Tasks[i] is { Nature: Nature.Stubborn, Completions: 0 } task)
            {
                Pool.Cancel(task);
            }
        }
    }

    /// <summary>Everything has ended, and the crew is whole again: then it is stopped.</summary>
    private void StopWhenWhole()
    {
        CancelWhatNeverEnds();
        if (Pool.Dispatcher.Unsettled == 0 && Pool.Waiting == 0 && Supervisor.Crew.IsComplete && Pool.Ready.Length == Supervisor.Size.Workers && Pool.Ready.All(w => Find(w.Id).Adopted) && !Supervisor.Goals.Any())
        {
            Checks.WhenWhole(this);
            StopPool(TimeSpan.Zero);
            return;
        }

        Agenda.After(TimeSpan.FromMilliseconds(500), StopWhenWhole);
    }

    /// <summary>As a pool stops: it drains, cancels what is left, waits for its graces, stops its supervisor and is told no more.</summary>
    private void StopPool(TimeSpan drain, bool cancelWaiting = false)
    {
        Story?.Tell($"the pool stops; {Pool.Dispatcher.Unsettled} tasks have {drain} to end");
        Stopping = true;
        Pool.BeginStop();
        if (cancelWaiting)
        {
            Pool.CancelWaiting();
        }

        var hurryAt = Agenda.Time + drain;
        var giveUpAt = hurryAt + Plan.Dispatcher.CancelGrace + Plan.Dispatcher.TerminateGrace + TimeSpan.FromSeconds(5);
        var cancelled = false;
        Look();

        void Look()
        {
            if (!cancelled && Agenda.Time >= hurryAt && Pool.Dispatcher.Unsettled > 0)
            {
                cancelled = true;
                Pool.CancelAll();
            }

            if (Pool.Dispatcher.Unsettled == 0 || Agenda.Time >= giveUpAt)
            {
                Supervisor.Stop();
                return;
            }

            Agenda.After(TimeSpan.FromMilliseconds(100), Look);
        }
    }
}
