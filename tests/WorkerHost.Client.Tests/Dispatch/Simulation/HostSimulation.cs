namespace WorkerHost.Client.Tests;

/// <summary>
/// The dispatcher over hosts in a world that is all chance: sessions that break at any moment and are noticed by one side before the other, hosts that
/// crash and come back as another instance, or not in time, callers that cancel meanwhile. After every step the promises are checked: one outcome, and
/// never two runs of a task that is not idempotent.
/// </summary>
internal sealed partial class HostSimulation
{
    private readonly Schedule schedule;
    private readonly HostSabotage sabotage;
    private readonly List<string>? story;
    private readonly Dispatcher dispatcher = new(new DispatcherOptions());
    private readonly List<SimTask> tasks = [];
    private readonly List<SimHost> hosts = [];
    private readonly List<(long At, Action Fire)> timers = [];
    private readonly List<SimTask> failedAttempts = [];
    private readonly FrameContent frame = new();
    private List<DispatchAction> spare = [];
    private ulong lastNumber;
    private ulong lastKey;
    private long now;
    private int accepted;
    private int settled;
    private bool sabotaged;

    public HostSimulation(Schedule schedule, HostSabotage sabotage = HostSabotage.None, List<string>? story = null)
    {
        this.schedule = schedule;
        this.sabotage = sabotage;
        this.story = story;
        for (var slot = 1 + schedule.Next(3); slot > 0; slot--)
        {
            hosts.Add(new SimHost(slot, lanes: 1 + schedule.Next(4), sabotage));
        }
    }

    /// <summary>Tasks that went on over another session.</summary>
    public int Attached { get; private set; }

    public void Run()
    {
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
        switch (schedule.Next(100))
        {
            case < 14:
                Submit();
                break;
            case < 26:
                if (AnySession(static s => s.Endpoint.PumpWanted && !s.Ended) is { } wanting)
                {
                    Pump(wanting, schedule.Chance(50) ? ProtocolLimits.MinFrameBytes : ProtocolLimits.MaxFrameBytes);
                }

                break;
            case < 38:
                // What is left of a session that is gone comes late, if at all.
                if (((schedule.Chance(70) ? AnySession(static s => s is { Ended: false, Wire.Count: > 0 }) : null) ?? AnySession(static s => s.Wire.Count > 0)) is { } reading)
                {
                    story?.Add($"{now,8}  {reading.Host.Instance} reads {reading.Wire.Peek()}");
                    reading.Host.Read(reading, full: schedule.Chance(5));
                }

                break;
            case < 48:
                if (hosts.Find(static h => h.MayStart) is { } starting)
                {
                    starting.Start();
                }

                break;
            case < 58:
                if (AnyHost(static h => h.IsBusy) is { } finishing)
                {
                    finishing.Finish(schedule, always: false);
                }

                break;
            case < 64:
                if (AnySession(static s => s.Unsent.Count > 0) is { } flushing)
                {
                    Flush(flushing);
                }

                break;
            case < 73:
                if (AnySession(static s => s is { Ended: false, Kernel.Count: > 0 }) is { } telling)
                {
                    Deliver(telling);
                }

                break;
            case < 78:
                AskToStop();
                break;
            case < 83:
                FireTimer();
                break;
            case < 87:
                if (AnySession(static s => !s.Ended) is { } breaking)
                {
                    Break(breaking, schedule.Next(breaking.Wire.Count + 1));
                }

                break;
            case < 90:
                if (AnySession(static s => s is { Ended: true, IsNoticed: false }) is { } gone)
                {
                    gone.Host.Notice(gone, now);
                }

                break;
            case < 91:
                hosts.ForEach(h => h.Abandon(now));
                if (AnyHost(static h => h is { Up: true } && h.Sessions.TrueForAll(static s => s.IsNoticed)) is { } deserted && schedule.Chance(30))
                {
                    story?.Add($"{now,8}  {deserted.Instance} forgets what nobody has read");
                    deserted.Forget(everything: schedule.Chance(50));
                }

                break;
            case < 93:
                CrashOrRestart();
                break;
            case < 96:
                if (AnyHost(static h => h is { Up: true, Current: null }) is { } back)
                {
                    Connect(back);
                }

                break;
            case < 98:
                AnswerAttempt(grant: !schedule.Chance(20));
                break;
            case < 99:
                if (AnyHost(static h => h is { Up: true, Draining: false, Current: not null }) is { } leaving)
                {
                    leaving.Draining = true;
                    leaving.GiveBackWaiting();
                    dispatcher.EndpointDraining(leaving.Current!.Endpoint);
                }

                break;
            default:
                if (schedule.Chance(10))
                {
                    Stop();
                }
                else
                {
                    dispatcher.OutlookChanged(schedule.Chance(50) ? WorkerOutlook.Hopeful : new WorkerOutlook(true, null, TimeSpan.FromSeconds(1)));
                    Carry();
                }

                break;
        }
    }

    /// <summary>The world heals, and nothing may be left over.</summary>
    private void Drain()
    {
        dispatcher.OutlookChanged(WorkerOutlook.Hopeful);
        Carry();
        for (var round = 0; dispatcher.Unsettled > 0; round++)
        {
            if (round > 400)
            {
                throw new SimulationViolation($"{dispatcher.Unsettled} tasks never end: {string.Join(", ", tasks.FindAll(static t => t.Settlements == 0).ConvertAll(static t => t.Entry))}");
            }

            now += 100;
            foreach (var host in hosts)
            {
                DrainHost(host);
                Check();
            }

            while (failedAttempts.Count > 0)
            {
                AnswerAttempt(grant: true);
            }

            FireTimer();
            Check();
        }

        foreach (var task in tasks)
        {
            task.Demand(task is { Completions: 1, Settlements: 1 }, $"has {task.Completions} outcomes and was settled {task.Settlements} times");
        }
    }

    private void DrainHost(SimHost host)
    {
        if (!host.Up || host.Draining || host.Current is { IsNoticed: true })
        {
            if (host.Up)
            {
                host.Crash();
            }

            if (host.Current is { } lost)
            {
                Break(lost, arriving: 0);
            }

            host.Restart();
        }

        if (host.Current is null)
        {
            Connect(host);
        }

        var session = host.Current!;
        Pump(session, ProtocolLimits.MaxFrameBytes);
        while (session.Wire.Count > 0)
        {
            host.Read(session, full: false);
        }

        while (host.MayStart)
        {
            host.Start();
        }

        while (host.IsBusy)
        {
            host.Finish(schedule, always: true);
        }

        if (session.Unsent.Count > 0)
        {
            Flush(session);
        }

        while (session.Kernel.Count > 0)
        {
            Deliver(session);
        }
    }

    private void Check()
    {
        if (dispatcher.Unsettled != accepted - settled)
        {
            throw new SimulationViolation($"{dispatcher.Unsettled} tasks count as unsettled, but {accepted} were accepted and {settled} settled");
        }

        var inFlight = 0;
        foreach (var endpoint in dispatcher.Endpoints)
        {
            inFlight += endpoint.InFlight.Count;
            if (endpoint.Ended != endpoint.InLimbo || (endpoint.InLimbo && (endpoint.InFlight.Count == 0 || endpoint.TakesTasks)))
            {
                throw new SimulationViolation($"{endpoint} is neither there nor awaited");
            }

            if (endpoint.TakesTasks && endpoint.InFlight.Count < endpoint.Concurrency && dispatcher.Queued > 0)
            {
                throw new SimulationViolation($"{dispatcher.Queued} tasks wait while {endpoint} has a free lane");
            }

            if (endpoint.Backlog < 0 || endpoint.Overdue < 0 || endpoint.Overdue > endpoint.InFlight.Count || endpoint.Travelling < 0)
            {
                throw new SimulationViolation($"the books of {endpoint} do not add up: backlog {endpoint.Backlog}, overdue {endpoint.Overdue}, travelling {endpoint.Travelling}");
            }
        }

        var sent = tasks.Count(static t => t.Entry.Phase == TaskPhase.Sent);
        if (sent != inFlight)
        {
            throw new SimulationViolation($"{sent} tasks are sent, but {inFlight} are in flight");
        }
    }

    private SimHost? AnyHost(Predicate<SimHost> which)
    {
        var from = schedule.Next(hosts.Count);
        for (var i = 0; i < hosts.Count; i++)
        {
            if (hosts[(from + i) % hosts.Count] is var host && which(host))
            {
                return host;
            }
        }

        return null;
    }

    private SimSession? AnySession(Predicate<SimSession> which)
    {
        var all = hosts.SelectMany(static h => h.Sessions).Where(s => which(s)).ToList();
        return all.Count == 0 ? null : all[schedule.Next(all.Count)];
    }

    private bool Once(HostSabotage what)
    {
        if (sabotage != what || sabotaged)
        {
            return false;
        }

        sabotaged = true;
        return true;
    }
}
