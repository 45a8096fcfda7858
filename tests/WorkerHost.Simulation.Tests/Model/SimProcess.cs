using WorkerHost.Client;
using WorkerHost.Client.Tests;
using WorkerHost.Supervision;

namespace WorkerHost.Simulation.Tests;

/// <summary>
/// A worker process: it boots, runs tasks in its lanes and marks them in its ledger, answers, leaves and dies. What it has
/// given to the kernel arrives after its death, what it has not is lost.
/// </summary>
internal sealed partial class SimProcess
{
    private readonly World world;
    private readonly Agenda agenda;
    private readonly Dice dice;
    private readonly LedgerBytes? ledger;
    private readonly List<SimRun> inbox = [];
    private readonly List<Action> held = [];
    private readonly Link<SimRequest> incoming;
    private List<SimAnswer> unsent = [];
    private bool flushing;
    private int fuse;
    private ulong highestStarted;
    private ulong lastArrived;

    public SimProcess(World world, WorkerId id, int pid, long maxTasks)
    {
        this.world = world;
        agenda = world.Agenda;
        dice = world.Dice;
        Id = id;
        Endpoint = new WorkerEndpoint(id, Nowhere, pid, null, world.Plan.Concurrency, maxTasks);
        Lanes = new SimRun?[world.Plan.Concurrency];
        ledger = world.Plan.HasLedger ? new LedgerBytes(Lanes.Length, id.Incarnation) : null;
        HandlesTerminate = dice.Chance(80);
        incoming = new Link<SimRequest>(agenda, () => dice.Ms(0.02, world.Faulty && dice.Chance(world.Plan.Slow / 4) ? 400 : 0.3), request => WhenAwake(() => Read(request)));
        Outgoing = new Link<SimResponse>(agenda, () => dice.Ms(0.02, world.Faulty && dice.Chance(world.Plan.Slow / 4) ? 400 : 0.3), response => world.Pool.Read(this, response));
        StartedAt = agenda.Time;
        fuse = world.Faulty && dice.Chance(world.Plan.Fuses) ? 1 + dice.Next(25) : 0;
    }

    public WorkerId Id { get; }

    /// <summary>As its supervisor tells of it.</summary>
    public WorkerEndpoint Endpoint { get; }

    public SimRun?[] Lanes { get; }

    /// <summary>In the kernel: arrives whatever becomes of the process.</summary>
    public Link<SimResponse> Outgoing { get; }

    public TimeSpan StartedAt { get; }

    public bool Alive { get; private set; } = true;

    /// <summary>Its health service says SERVING.</summary>
    public bool Serves { get; private set; }

    /// <summary>Its supervisor has seen that it serves.</summary>
    public TimeSpan? ReadyAt { get; set; }

    public bool Frozen { get; private set; }

    /// <summary>It sits in the kernel, and SIGKILL takes it only later.</summary>
    public bool Unkillable { get; set; }

    /// <summary>SIGKILL was sent, and waits for it to leave the kernel.</summary>
    public bool IsDoomed { get; private set; }

    /// <summary>Heeds SIGTERM by draining; otherwise it dies of it.</summary>
    public bool HandlesTerminate { get; }

    public bool Draining { get; private set; }

    public long Finished { get; private set; }

    /// <summary>The pool's connection; null before there is one.</summary>
    public EndpointState? Session { get; private set; }

    /// <summary>The dispatcher knows the connection, and it is read.</summary>
    public bool Adopted { get; set; }

    /// <summary>What it wrote before that.</summary>
    public List<SimResponse> Early { get; } = [];

    /// <summary>Nothing passes between it and its pool any more.</summary>
    public bool SessionLost { get; private set; }

    public LedgerEvidence Evidence => ledger?.Read() ?? LedgerEvidence.None;

    public bool HasLedger => ledger is not null;

    public int RunningCount
    {
        get
        {
            var count = 0;
            foreach (var run in Lanes)
            {
                count += run is null ? 0 : 1;
            }

            return count;
        }
    }

    private static Uri Nowhere { get; } = new("unix:///nowhere");

    // ---- its start ----

    public void Boot()
    {
        var fails = world.Faulty && (dice.Chance(world.Plan.BootFails) || agenda.Now >= world.Plan.OutageFrom);
        switch (fails ? dice.Next(4) : 4)
        {
            case 0:
                agenda.After(dice.Ms(5, 300), () => Exit(ExitFacts.Exited(1), Fate.Itself));
                break;
            case 1:
                agenda.After(dice.Ms(5, 300), () => Exit(ExitFacts.Signalled(11), Fate.Itself));
                break;
            case 2:
                agenda.After(dice.Ms(5, 300), () => Exit(ExitFacts.Exited(WorkerExitCode.Misconfigured), Fate.Itself));
                break;
            case 3:
                world.Story?.Tell($"{Id} hangs at its boot");
                break;
            default:
                agenda.After(dice.Ms(80, world.Faulty && dice.Chance(world.Plan.Slow) ? 3000 : 400), () => WhenAwake(() =>
                {
                    if (!Draining)
                    {
                        Serves = true;
                        Between();
                        world.Supervisor.Booted(this);
                    }
                }));
                break;
        }
    }

    /// <summary>False: it does not answer, or refuses.</summary>
    public bool Open(EndpointState session)
    {
        if (!Alive || Draining || Frozen || !Serves)
        {
            return false;
        }

        Between();
        Session = session;
        if (session.SessionKey != 0)
        {
            ledger?.Track(session.SessionKey, 0);
        }

        return true;
    }

    // ---- what is done to it ----

    public void Send(SimRequest request) => incoming.Put(request);

    /// <summary>The lifeline closes: finish what you have and go.</summary>
    public void AskToLeave() => agenda.After(dice.Ms(0.1, 3), () => WhenAwake(Drain));

    public void Terminate() => agenda.After(dice.Ms(0.1, 3), () => WhenAwake(() =>
    {
        if (!HandlesTerminate || !Serves)
        {
            Exit(ExitFacts.Signalled(SignalNames.Terminate), Fate.Signalled);
            return;
        }

        if (Draining)
        {
            // Hurried: what still runs and heeds it ends.
            foreach (var run in Lanes)
            {
                Heed(run);
            }
        }

        Drain();
    }));

    public void KillNow(Fate fate)
    {
        if (Unkillable)
        {
            // It runs nothing of its own any more.
            Unkillable = false;
            IsDoomed = true;
            Frozen = true;
            agenda.After(dice.Ms(6_000, 9_000), () => Exit(ExitFacts.Signalled(SignalNames.Kill), fate));
            return;
        }

        agenda.After(dice.Ms(0.01, 2), () => Exit(ExitFacts.Signalled(SignalNames.Kill), fate));
    }

    /// <summary>Every thread of it stands still.</summary>
    public void Freeze()
    {
        Frozen = true;
        WasFrozen = true;
        frozenAt = agenda.Time;
    }

    /// <summary>It goes on, unless it stands still for a reason of its own.</summary>
    public void Thaw()
    {
        if (Culprit is not null || IsDoomed || !Frozen)
        {
            return;
        }

        Frozen = false;
        thawedAt = agenda.Time;
        var waiting = held.ToArray();
        held.Clear();
        foreach (var action in waiting)
        {
            WhenAwake(action);
        }
    }

    public void LoseSession()
    {
        SessionLost = true;
        incoming.Lose();
        if (dice.Chance(50))
        {
            Outgoing.Lose();
        }

        Outgoing.Put(new SimResponse([], Draining: false, End: true));
        agenda.After(dice.Ms(0.1, 1500), () => WhenAwake(AbandonSession));
    }

    /// <summary>It ends, now.</summary>
    public void Exit(ExitFacts facts, Fate fate)
    {
        if (!Alive)
        {
            return;
        }

        Alive = false;
        Serves = false;
        Fates.Note(fate);
        RanAtTheEnd = RunningCount;
        world.Story?.Tell($"{Id} ends: {facts}, {fate}, {RanAtTheEnd} running, {unsent.Count} answers lost");
        for (var lane = 0; lane < Lanes.Length; lane++)
        {
            if (Lanes[lane] is { } run)
            {
                run.Task.Running--;
                RanTogether.Add(run.Task);
                Lanes[lane] = null;
            }
        }

        inbox.Clear();
        unsent.Clear();
        held.Clear();
        incoming.Lose();
        if (Session is { SessionKey: not 0 } && !SessionLost && !(world.Faulty && dice.Chance(world.Plan.LostSessions)))
        {
            Outgoing.Put(new SimResponse([], Draining: false, End: true));
        }

        SessionLost = true;
        world.Supervisor.Exited(this, facts);
    }

    /// <summary>Something was done, and something that belongs to it is still to be done: a good moment for misfortune.</summary>
    private void Between()
    {
        if (fuse > 0 && --fuse == 0 && world.Faulty)
        {
            var loses = Session is { SessionKey: not 0 } && Adopted && !SessionLost && dice.Chance(25);
            agenda.After(dice.Chance(50) ? 0 : dice.Ms(0, 0.4), () =>
            {
                if (Alive && loses && !SessionLost)
                {
                    world.Story?.Tell($"{Id} loses its session, just then");
                    LoseSession();
                }
                else if (!loses)
                {
                    world.Story?.Tell($"{Id} is killed from outside, just then");
                    Exit(ExitFacts.Signalled(SignalNames.Kill), Fate.Outside);
                }
            });
        }
    }

    private void WhenAwake(Action what)
    {
        if (!Alive)
        {
            return;
        }

        if (Frozen)
        {
            held.Add(what);
        }
        else
        {
            what();
        }
    }
}
