namespace WorkerHost.Client.Tests;

/// <summary>
/// The dispatcher in a world that is all chance: workers that die at any moment, sessions that break, results that
/// arrive after the death, callers that cancel, clocks that run out. After every step the promises are checked.
/// </summary>
internal sealed partial class DispatcherSimulation
{
    private static readonly string[] Names = ["a", "b", "c", "d"];

    private readonly Schedule schedule;
    private readonly Sabotage sabotage;
    private readonly List<string>? story;
    private readonly Dispatcher dispatcher;
    private readonly List<SimTask> tasks = [];
    private readonly List<SimWorker> workers = [];
    private readonly List<(long At, Action Fire)> timers = [];
    private readonly List<SimTask> failedAttempts = [];
    private readonly int slots;
    private readonly int capacity;
    private readonly bool supervised;
    private readonly bool streams;
    private readonly CallerShare[] callers;
    private readonly FrameContent frame = new();
    private List<DispatchAction> spare = [];
    private ulong lastNumber;
    private long lastIncarnation;
    private long now;
    private int accepted;
    private int settled;
    private int places;
    private bool stopped;
    private bool crowded;
    private bool sabotaged;
    private bool draining;

    /// <param name="schedule">All chance.</param>
    /// <param name="sabotage">What goes wrong in the world itself.</param>
    /// <param name="story">Where what happens is written down.</param>
    /// <param name="streams">Every third task yields two items. The choices are the same with and without, so a seed replays.</param>
    /// <param name="shared">Most tasks are of several callers, and most have a key. The same holds.</param>
    public DispatcherSimulation(Schedule schedule, Sabotage sabotage = Sabotage.None, List<string>? story = null, bool streams = false, bool shared = false)
    {
        this.streams = streams;
        callers = shared ? [new CallerShare(), new CallerShare(), new CallerShare()] : [];
        this.schedule = schedule;
        this.sabotage = sabotage;
        this.story = story;
        slots = 1 + schedule.Next(3);
        supervised = !schedule.Chance(10);
        capacity = schedule.Chance(20) ? schedule.Next(4) : 1000;
        if (shared)
        {
            capacity = Math.Min(capacity * 4, 24);
        }

        dispatcher = new Dispatcher(new DispatcherOptions { QueueCapacity = capacity });
    }

    /// <summary>Runs the schedule and drains; throws at the first promise broken.</summary>
    public void Run()
    {
        if (schedule.Chance(20))
        {
            LearnWhatIsLong();
        }

        for (var step = 0; step < schedule.Length; step++)
        {
            now += 1 + schedule.Next(2000);
            Step();
            Check();
        }

        Drain();
    }

    private void Step()
    {
        var what = schedule.Next(100);
        switch (what)
        {
            case < 14:
                Submit();
                break;
            case < 28:
                Pump();
                break;
            case < 40:
                if (Any(static w => w.Alive && w.Wire.Count > 0) is { } hearing)
                {
                    hearing.Arrive(full: schedule.Chance(3));
                }

                break;
            case < 52:
                if (Any(static w => w.Alive && w.HasWaiting && w.HasFreeLane) is { } starting)
                {
                    Start(starting);
                }

                break;
            case < 62:
                if (Any(static w => w.Alive && w.Busy) is { } finishing)
                {
                    finishing.Finish(schedule);
                }

                break;
            case < 69:
                Any(static w => w.Alive && w.Unsent.Count > 0)?.Flush(1 + schedule.Next(4));
                break;
            case < 79:
                Deliver();
                break;
            case < 82:
                Ask("cancel", static (d, e, t) => d.Cancel(e, t));
                break;
            case < 83:
                Ask("stop attempt", static (d, e, t) => d.StopAttempt(e, t));
                break;
            case < 86:
                FireTimer();
                break;
            case < 89:
                if (Any(static w => w.Alive) is { } victim && schedule.Chance(70))
                {
                    story?.Add($"{now,8}  {victim.Endpoint} is killed");
                    victim.Kill();
                }

                break;
            case < 92:
                ObserveDeath();
                break;
            case < 94:
                EndSession();
                break;
            case < 96:
                Replace(always: false);
                break;
            case < 98:
                AnswerAttempt();
                break;
            case < 99:
                LeaveOrGiveUpHope();
                break;
            default:
                if (schedule.Chance(20))
                {
                    StopWhatWaits();
                }
                else if (schedule.Chance(5))
                {
                    tasks.ForEach(static t => t.StopAsked = true);
                    story?.Add($"{now,8}  everything is cancelled");
                    dispatcher.CancelAll(now);
                    Carry();
                }

                break;
        }
    }

    /// <summary>The world heals, and nothing may be left over.</summary>
    private void Drain()
    {
        draining = true;
        dispatcher.OutlookChanged(WorkerOutlook.Hopeful);
        Carry();
        for (var round = 0; dispatcher.Unsettled > 0; round++)
        {
            if (round > 400)
            {
                throw new SimulationViolation($"{dispatcher.Unsettled} tasks never end: {string.Join(", ", tasks.FindAll(static t => t.Settlements == 0).ConvertAll(static t => t.Entry))}");
            }

            now += 100;
            for (var i = 0; i < workers.Count; i++)
            {
                DrainWorker(workers[i]);
                Check();
            }

            for (var slot = 0; slot < slots; slot++)
            {
                Replace(slot);
            }

            while (failedAttempts.Count > 0)
            {
                var task = failedAttempts[^1];
                failedAttempts.RemoveAt(failedAttempts.Count - 1);
                AnswerAttempt(task, grant: true);
                Check();
            }

            FireTimer();
            Check();
        }

        foreach (var task in tasks)
        {
            task.Demand(task is { Completions: 1, Settlements: 1 }, $"has {task.Completions} outcomes and was settled {task.Settlements} times");
        }
    }

    private void DrainWorker(SimWorker worker)
    {
        if (worker.Endpoint.PumpWanted && !worker.Ended)
        {
            Pump(worker, ProtocolLimits.MaxFrameBytes);
        }

        if (worker.Alive)
        {
            while (worker.Wire.Count > 0)
            {
                worker.Arrive(full: false);
            }

            while (worker.HasWaiting && worker.HasFreeLane)
            {
                Start(worker);
            }

            while (worker.Finish(schedule, always: true))
            {
            }

            worker.Flush(int.MaxValue);
        }

        if (worker.Alive && (worker.KillOrdered || worker.Draining))
        {
            worker.Kill();
        }

        if (!worker.Ended)
        {
            Deliver(worker, int.MaxValue);
        }

        if (!worker.Alive && !worker.Ended)
        {
            End(worker);
        }

        if (worker is { Alive: false, DeathTold: false, Endpoint.Supervised: true })
        {
            Observe(worker);
        }
    }

    private SimWorker? Any(Predicate<SimWorker> which)
    {
        if (workers.Count == 0)
        {
            return null;
        }

        var from = schedule.Next(workers.Count);
        for (var i = 0; i < workers.Count; i++)
        {
            var worker = workers[(from + i) % workers.Count];
            if (which(worker))
            {
                return worker;
            }
        }

        return null;
    }

    private SimWorker Find(EndpointState endpoint) => workers.Find(w => w.Endpoint == endpoint)!;

    private bool Once(Sabotage what)
    {
        if (sabotage != what || sabotaged)
        {
            return false;
        }

        sabotaged = true;
        return true;
    }

    private static Uri Nowhere { get; } = new("unix:///nowhere");
}
