using WorkerHost.Client;
using WorkerHost.Supervision;

namespace WorkerHost.Simulation.Tests;

/// <summary>What callers, operators and misfortune do.</summary>
internal sealed partial class World
{
    private static readonly string[] Names = ["a", "b", "c", "d"];

    private void SubmitOne()
    {
        var nature = Dice.Chance(Plan.Poison) ? (Dice.Chance(70) ? Nature.Poison : Nature.PoisonOnce)
            : Dice.Chance(Plan.Stubborn) ? Nature.Stubborn
            : Dice.Chance(Plan.Throws) ? (Dice.Chance(50) ? Nature.Throws : Nature.ThrowsRetryable)
            : Nature.Honest;
        var name = Dice.Next(Names.Length);
        var options = new TaskOptions
        {
            Id = nature == Nature.Poison ? $"poison {lastNumber + 1}" : null,
            Idempotent = Dice.Chance(Plan.Idempotent),
            Priority = Dice.Chance(Plan.Priorities) ? (TaskPriority)(Dice.Next(5) - 2) : TaskPriority.Normal,
            TimeLimit = Dice.Chance(Plan.Limits) ? TimeSpan.FromTicks(Dice.Ms(1, 4000)) : null,
        };
        var entry = new TaskEntry(++lastNumber, Names[name], options, new byte[8], ContentType.Bytes, 1 + Dice.Next(5));
        var service = name switch
        {
            0 => Dice.Ms(0.001, 0.02),
            1 => Dice.Ms(0.05, 1),
            2 => Dice.Ms(1, 50),
            _ => Dice.Ms(50, 1500),
        };
        var task = new SimTask(entry, nature, (Poison)Dice.Next(6), service) { SupervisorIsGone = () => Pool.SourceHasEnded };
        entry.Completion = task;
        Pool.Submit(task, hold: Dice.Chance(5));
        if (Dice.Chance(Plan.Cancels))
        {
            Agenda.After(Dice.Ms(0, Dice.Chance(50) ? 5 : 1500), () => CancelOne(task));
        }
    }

    /// <summary>What is in quarantine is not run again under its id, unless somebody releases it.</summary>
    public void SubmitAgain(SimTask quarantined)
    {
        var (before, id) = (quarantined.Entry, quarantined.Entry.Options.Id!);
        var released = Faulty && Dice.Chance(30) && Pool.Dispatcher.Quarantine.Release(id);
        if (Once(Sabotage.ReleaseUnasked, when: !released))
        {
            Pool.Dispatcher.Quarantine.Release(id);
        }

        var entry = new TaskEntry(++lastNumber, before.Task, before.Options, new byte[8], ContentType.Bytes, before.MaxAttempts);
        var task = new SimTask(entry, quarantined.Nature, quarantined.Poison, quarantined.Service) { SupervisorIsGone = () => Pool.SourceHasEnded };
        entry.Completion = task;
        if (Pool.Submit(task, hold: false) is null && !released)
        {
            throw new Violation($"{entry} was accepted although its id '{id}' is in quarantine");
        }
    }

    private void CancelOne(SimTask task)
    {
        if (task.Entry.Phase != TaskPhase.New)
        {
            var whole = Dice.Chance(85);
            Story?.Tell($"{(whole ? "cancel" : "stop the attempt of")} {task.Entry}");
            if (whole)
            {
                Pool.Cancel(task);
            }
            else
            {
                Pool.StopAttempt(task);
            }
        }
    }

    /// <summary>Something from outside.</summary>
    private void Harm()
    {
        if (Living() is not { } process)
        {
            return;
        }

        if (Once(Sabotage.ReportLivingAsDead, when: process is { RunningCount: > 0, SessionLost: false, Session.SessionKey: not 0 }))
        {
            process.Fates.Outside = true;
            Supervisor.Exited(process, ExitFacts.Signalled(SignalNames.Kill));
            process.LoseSession();
            return;
        }

        if (Once(Sabotage.ReportIdleAsDead, when: process.Serves))
        {
            process.Fates.Outside = true;
            Supervisor.Exited(process, ExitFacts.Signalled(SignalNames.Kill));
            return;
        }

        switch (Dice.Next(9))
        {
            case 0 or 1 or 2:
                Story?.Tell($"{process.Id} is killed from outside");
                process.Exit(ExitFacts.Signalled(SignalNames.Kill), Fate.Outside);
                break;
            case 3 when process.HasLedger || !process.HandlesTerminate:
                Story?.Tell($"{process.Id} is sent SIGTERM from outside");
                process.Fates.Outside = true;
                process.Terminate();
                break;
            case 4 when process is { HasLedger: true, Frozen: false, RunningCount: 0 } && process.Session is not { SessionKey: 0 }:
                Story?.Tell($"{process.Id} crashes while idle");
                process.Exit(ExitFacts.Signalled(6), Fate.Itself);
                break;
            case 5 when process is { Session.SessionKey: not 0, SessionLost: false, Adopted: true }:
                Story?.Tell($"{process.Id} loses its session");
                process.LoseSession();
                break;
            case 6 when process is { HasLedger: true, Frozen: false, RunningCount: 0, Draining: false, Session.SessionKey: not 0 }:
                Story?.Tell($"{process.Id} stands still");
                process.Freeze();
                if (Dice.Chance(60))
                {
                    Agenda.After(Dice.Ms(1, 8000), process.Thaw);
                }

                break;
            case 7:
                process.Unkillable = true;
                break;
            case 8:
                Supervisor.Stall(Dice.Ms(10, 6000));
                break;
            default:
                break;
        }
    }

    private SimProcess? Living()
    {
        var from = Dice.Next(Math.Max(1, Processes.Count));
        for (var i = 0; i < Processes.Count; i++)
        {
            if (Processes[(from + i) % Processes.Count] is { Alive: true } process)
            {
                return process;
            }
        }

        return null;
    }

    /// <summary>Something that an operator wants.</summary>
    private void Change()
    {
        switch (Dice.Next(4))
        {
            case 0:
                Supervisor.Resize(Dice.Next(5), Dice.Next(2));
                break;
            case 1:
                Supervisor.Restart(rolling: true);
                break;
            case 2:
                Supervisor.Restart(rolling: false);
                break;
            default:
                if (Living() is { } process)
                {
                    Supervisor.Drain(process.Id);
                }

                break;
        }
    }
}
