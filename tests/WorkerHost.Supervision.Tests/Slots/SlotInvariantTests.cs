using CsCheck;

namespace WorkerHost.Supervision.Tests.Slots;

/// <summary>Any life a slot can have, from a seed: a world that obeys the machine's actions and rolls dice for the rest.</summary>
public sealed class SlotInvariantTests
{
    private static readonly ExitFacts[] Ends =
    [
        ExitFacts.Exited(0), ExitFacts.Exited(1), ExitFacts.Exited(WorkerExitCode.Recycle), ExitFacts.Exited(WorkerExitCode.Misconfigured),
        ExitFacts.Signalled(9), ExitFacts.Signalled(11), ExitFacts.Signalled(15), ExitFacts.NotStarted("gone"), ExitFacts.Unknown,
    ];

    [Fact]
    [Trait("Scenario", "15")]
    [Trait("Scenario", "25")]
    public void Whatever_happens_a_slot_keeps_its_promises() =>
        Gen.Select(Gen.Int[0, 1_000_000].Array[0, 200], Gen.Int[0, int.MaxValue])
            .Sample((dice, seed) => new Life(seed).Live(dice), iter: 20_000);

    private sealed class Life(int seed)
    {
        private readonly SlotMachine machine = new(SlotWorld.Times, new RestartPolicy(new RestartOptions(), new Random(seed)));
        private TimeSpan now;
        private long alive;
        private bool abandoned;
        private bool stopping;
        private (SlotTimer Kind, TimeSpan At)? timer;
        private int deathsDue;
        private int reports;

        public void Live(int[] dice)
        {
            Do(new SlotEvent.Start(now));
            foreach (var die in dice)
            {
                Step(die);
                Check();
            }

            // A stop always ends: the world only lets time pass, and nothing leaves by itself.
            Stop();
            for (var i = 0; i < 4 && machine.State != SlotState.Stopped; i++)
            {
                FireTimer();
                Check();
            }

            Assert.Equal(SlotState.Stopped, machine.State);
            if (alive > 0)
            {
                Assert.True(abandoned);
                End(ExitFacts.Signalled(9), 0);
            }

            Assert.Equal(deathsDue, reports);
        }

        private void Step(int die)
        {
            now += TimeSpan.FromMilliseconds(die % 977);
            var detail = die / 16;
            switch (die % 16)
            {
                case 0 or 1 or 2 or 3 when alive > 0 && !abandoned:
                    End(Ends[detail % Ends.Length], detail % 3);
                    break;
                case 4 or 5 or 6 or 7 when alive > 0 && machine.State == SlotState.Starting:
                    Do(new SlotEvent.Booted(now, machine.Incarnation));
                    break;
                case 8 or 9:
                    FireTimer();
                    break;
                case 10:
                    Do(new SlotEvent.RecycleRequested(now, AnyIncarnation(detail), "dice"));
                    break;
                case 11:
                    Do(new SlotEvent.KillRequested(now, AnyIncarnation(detail), "dice", TimeSpan.FromSeconds(detail % 4)));
                    break;
                case 15:
                    Do(new SlotEvent.Condemned(now, AnyIncarnation(detail), detail % 2 == 0 ? LeaveKind.Hang : LeaveKind.Limit, "dice"));
                    break;
                case 12:
                    Stale(detail);
                    break;
                case 13 when detail % 16 == 0:
                    Stop();
                    break;
                case 14 when alive > 0 && machine.State != SlotState.Ready && machine.State != SlotState.Starting:
                    // The probe's word that was on its way when the worker was told to leave.
                    Assert.Empty(machine.Handle(new SlotEvent.Booted(now, machine.Incarnation)));
                    break;
                default:
                    break;
            }
        }

        private long AnyIncarnation(int detail) => Math.Max(0, machine.Incarnation - 1 + detail % 3);

        private void Stale(int detail)
        {
            var old = machine.Incarnation - 1 - detail % 2;
            if (old < 1)
            {
                return;
            }

            var state = machine.State;
            Assert.Empty(machine.Handle(new SlotEvent.Exited(now, old, ExitFacts.Exited(0), 1)));
            Assert.Empty(machine.Handle(new SlotEvent.Booted(now, old)));
            Assert.Empty(machine.Handle(new SlotEvent.GraceElapsed(now, old)));
            Assert.Equal(state, machine.State);
        }

        private void Stop()
        {
            stopping = true;
            Do(new SlotEvent.StopRequested(now));
        }

        private void End(ExitFacts facts, long finished)
        {
            deathsDue++;
            var ended = alive;
            alive = 0;
            abandoned = false;
            Do(new SlotEvent.Exited(now, ended, facts, finished));
        }

        private void FireTimer()
        {
            if (timer is not { } due)
            {
                return;
            }

            timer = null;
            now = due.At > now ? due.At : now;
            Do(due.Kind switch
            {
                SlotTimer.Boot => new SlotEvent.BootTimedOut(now, machine.Incarnation),
                SlotTimer.Drain => new SlotEvent.DrainTimedOut(now, machine.Incarnation, Running: (int)(now.TotalMilliseconds % 2)),
                SlotTimer.Grace => new SlotEvent.GraceElapsed(now, machine.Incarnation),
                _ => new SlotEvent.BackoffElapsed(now, machine.Incarnation),
            });
        }

        private void Do(SlotEvent e)
        {
            foreach (var action in machine.Handle(e))
            {
                switch (action)
                {
                    case SlotAction.Spawn spawn:
                        Assert.Equal(0, alive);
                        Assert.False(stopping, "a spawn after the stop");
                        Assert.Equal(machine.Incarnation, spawn.Incarnation);
                        alive = spawn.Incarnation;
                        break;
                    case SlotAction.SetTimer set:
                        Assert.InRange(set.Delay, TimeSpan.Zero, TimeSpan.FromSeconds(30));
                        timer = (set.Kind, now + set.Delay);
                        break;
                    case SlotAction.CancelTimer:
                        timer = null;
                        break;
                    case SlotAction.Report:
                        reports++;
                        break;
                    case SlotAction.Abandon:
                        abandoned = true;
                        break;
                    case SlotAction.AskToLeave or SlotAction.Terminate or SlotAction.KillGroup:
                        Assert.NotEqual(0, alive);
                        break;
                    default:
                        break;
                }
            }
        }

        private void Check()
        {
            switch (machine.State)
            {
                case SlotState.Starting:
                    Assert.Equal(machine.Incarnation, alive);
                    Assert.Equal(SlotTimer.Boot, timer?.Kind);
                    break;
                case SlotState.Ready:
                    Assert.Equal(machine.Incarnation, alive);
                    Assert.Null(timer);
                    break;
                case SlotState.Draining or SlotState.Stopping:
                    Assert.Equal(machine.Incarnation, alive);
                    break;
                case SlotState.BackingOff or SlotState.CrashLooping:
                    Assert.Equal(0, alive);
                    Assert.Equal(SlotTimer.Backoff, timer?.Kind);
                    Assert.NotNull(machine.NextTryAt);
                    Assert.False(stopping);
                    break;
                default:
                    Assert.True(alive == 0 || abandoned);
                    Assert.Null(timer);
                    break;
            }

            Assert.Equal(machine.State == SlotState.CrashLooping, machine.State == SlotState.CrashLooping && machine.BreakerOpen);
            Assert.Equal(deathsDue, reports);
        }
    }
}
