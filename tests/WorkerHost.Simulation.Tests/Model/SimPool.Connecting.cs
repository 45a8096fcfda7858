using System.Collections.Immutable;
using WorkerHost.Client;
using WorkerHost.Supervision;

namespace WorkerHost.Simulation.Tests;

/// <summary>What <see cref="EndpointConnector"/> does with the supervisor's sets.</summary>
internal sealed partial class SimPool
{
    private const int MaxTries = 5;

    private readonly HashSet<WorkerId> followed = [];
    private readonly Dictionary<WorkerId, WorkerDeath?> opening = [];
    private readonly HashSet<WorkerId> spares = [];
    private ImmutableArray<WorkerId> draining = [];
    private ulong lastKey = 1000;

    /// <summary>Whom the last set that it got calls ready.</summary>
    public ImmutableArray<WorkerEndpoint> Ready { get; private set; } = [];

    /// <summary>Nobody reports anything to it any more.</summary>
    public bool SourceHasEnded { get; private set; }

    /// <param name="set">Null: there will be no more.</param>
    public void Apply(WorkerSet? set)
    {
        if (set is null)
        {
            EndSource();
            return;
        }

        Ready = set.Ready;
        foreach (var worker in set.Ready)
        {
            if (spares.Remove(worker.Id) && !world.Once(Sabotage.ForgetPromotion))
            {
                For(worker.Id, static (d, e, now) => d.EndpointServes(e, now));
            }

            Follow(worker, isSpare: false);
        }

        foreach (var worker in set.Spares)
        {
            Follow(worker, isSpare: true);
        }

        draining = set.Draining;
        foreach (var worker in set.Draining)
        {
            For(worker, static (d, e, _) => d.WorkerLeaves(e));
        }

        foreach (var death in set.Deaths)
        {
            var id = death.Report.Worker;
            followed.Remove(id);
            spares.Remove(id);
            if (opening.ContainsKey(id))
            {
                opening[id] = death;
            }

            Died(death);
        }

        Do(() => Dispatcher.OutlookChanged(set.Outlook));
    }

    public void EndSource()
    {
        if (!SourceHasEnded)
        {
            SourceHasEnded = true;
            Ready = [];
            Do(() => Dispatcher.SourceEnded(agenda.Now));
        }
    }

    private void Died(WorkerDeath death)
    {
        Do(() => Dispatcher.WorkerDied(death, agenda.Now));
        ForgetSuspects();
        foreach (var endpoint in Dispatcher.Endpoints.ToArray())
        {
            // A worker without sessions: its calls end with it.
            if (endpoint.Worker.Id == death.Report.Worker && endpoint.SessionKey == 0)
            {
                agenda.After(dice.Ms(0, 5), () => Do(() => Dispatcher.SessionEnded(endpoint, "it ended", agenda.Now)));
            }
        }
    }

    private void ForgetSuspects()
    {
        if (world.Sabotage == Sabotage.ForgetSuspects)
        {
            foreach (var task in world.Tasks)
            {
                task.Entry.IsSuspect &= task.Entry.Phase is TaskPhase.Queued;
            }
        }
    }

    private void For(WorkerId id, Action<Dispatcher, EndpointState, long> what)
    {
        foreach (var endpoint in Dispatcher.Endpoints)
        {
            if (endpoint.Worker.Id == id)
            {
                what(Dispatcher, endpoint, agenda.Now);
            }
        }

        Carry();
    }

    private void Follow(WorkerEndpoint worker, bool isSpare)
    {
        if (!followed.Add(worker.Id))
        {
            return;
        }

        if (isSpare)
        {
            spares.Add(worker.Id);
        }

        opening[worker.Id] = null;
        if (!world.Once(Sabotage.ForgetWorker, when: !world.Faulty))
        {
            Connect(world.Find(worker.Id), tries: 1);
        }
    }

    private void Connect(SimProcess process, int tries)
    {
        // A hello that nobody answers is given up after its time.
        var delay = process.Frozen ? TimeSpan.TicksPerSecond * 10 : dice.Ms(0.2, world.Faulty && dice.Chance(plan.Slow / 2) ? 300 : 3);
        agenda.After(delay, () =>
        {
            if (SourceHasEnded)
            {
                return;
            }

            var key = plan.Sessions ? ++lastKey : 0;
            var session = new EndpointState(process.Endpoint, key, plan.Concurrency, supervised: true, prefetches: plan.Sessions) { Connection = process };
            if (!(world.Faulty && dice.Chance(plan.LostSessions)) && process.Open(session))
            {
                session.Open = !draining.Contains(process.Id);
                session.Reserved = spares.Contains(process.Id);
                agenda.After(dice.Ms(0, 1), () => Adopt(process, session));
                return;
            }

            if (!followed.Contains(process.Id))
            {
                opening.Remove(process.Id);
                return;
            }

            if (tries >= MaxTries)
            {
                world.Story?.Tell($"no session can be opened with {process.Id}");
                opening.Remove(process.Id);
                process.RejectAsked = true;
                world.Supervisor.Request(process.Id, static (at, incarnation) => new SlotEvent.Rejected(at, incarnation, "no session"));
                return;
            }

            agenda.After(TimeSpan.FromMilliseconds(50 * Math.Pow(2, tries)), () => Connect(process, tries + 1));
        });
    }

    private void Adopt(SimProcess process, EndpointState session)
    {
        world.Story?.Tell($"{process.Id} is connected{(session.Reserved ? " as a spare" : "")}");
        Do(() => Dispatcher.EndpointOpened(session, agenda.Now));

        // What the source said of the worker while the dispatcher did not know it yet.
        opening.Remove(process.Id, out var death);
        if (!spares.Contains(process.Id) && !world.Once(Sabotage.ForgetPromotion, when: session.Reserved))
        {
            For(process.Id, static (d, e, now) => d.EndpointServes(e, now));
        }

        if (draining.Contains(process.Id))
        {
            For(process.Id, static (d, e, _) => d.WorkerLeaves(e));
        }

        if (death is not null)
        {
            Died(death);
        }

        process.Adopted = true;
        foreach (var response in process.Early)
        {
            Read(process, response);
        }

        if (SourceHasEnded)
        {
            Do(() => Dispatcher.SourceEnded(agenda.Now));
        }
    }
}
