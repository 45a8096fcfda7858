using System.Collections.Immutable;
using System.Globalization;

namespace WorkerHost.Supervision.Tests.Slots;

/// <summary>A slot machine with a clock that a test moves, and short words for what it does.</summary>
internal sealed class SlotWorld
{
    public static readonly SlotTimes Times = new(Boot: TimeSpan.FromSeconds(30), Drain: TimeSpan.FromSeconds(20), TerminateGrace: TimeSpan.FromSeconds(5));

    public SlotWorld(RestartOptions? restart = null, double roll = 0.5, TimeSpan? longestDrain = null) =>
        Machine = new SlotMachine(Times with { LongestDrain = longestDrain }, new RestartPolicy(restart ?? new RestartOptions(), new FixedRandom(roll)));

    public SlotMachine Machine { get; }

    public TimeSpan Now { get; set; } = TimeSpan.FromSeconds(100);

    public long Incarnation => Machine.Incarnation;

    public ImmutableArray<SlotAction> Start() => Machine.Handle(new SlotEvent.Start(Now));

    public ImmutableArray<SlotAction> Stop() => Machine.Handle(new SlotEvent.StopRequested(Now));

    public ImmutableArray<SlotAction> Booted() => Machine.Handle(new SlotEvent.Booted(Now, Incarnation));

    public ImmutableArray<SlotAction> Exited(ExitFacts facts, long? finished = null) =>
        Machine.Handle(new SlotEvent.Exited(Now, Incarnation, facts, finished));

    public ImmutableArray<SlotAction> Crash(long? finished = null) => Exited(ExitFacts.Signalled(11), finished);

    public ImmutableArray<SlotAction> CrashUnneeded() =>
        Machine.Handle(new SlotEvent.Exited(Now, Incarnation, ExitFacts.Signalled(11), Finished: null, Refill: false));

    public ImmutableArray<SlotAction> Vacate() => Machine.Handle(new SlotEvent.Vacate(Now));

    public ImmutableArray<SlotAction> BootTimedOut() => Machine.Handle(new SlotEvent.BootTimedOut(Now, Incarnation));

    public ImmutableArray<SlotAction> BackoffElapsed() => Machine.Handle(new SlotEvent.BackoffElapsed(Now, Incarnation));

    public ImmutableArray<SlotAction> DrainTimedOut(int running = 0) => Machine.Handle(new SlotEvent.DrainTimedOut(Now, Incarnation, running));

    public ImmutableArray<SlotAction> GraceElapsed() => Machine.Handle(new SlotEvent.GraceElapsed(Now, Incarnation));

    public ImmutableArray<SlotAction> Recycle() => Machine.Handle(new SlotEvent.RecycleRequested(Now, Incarnation, "too old"));

    public ImmutableArray<SlotAction> Rejected() => Machine.Handle(new SlotEvent.Rejected(Now, Incarnation, "no session"));

    public ImmutableArray<SlotAction> Kill(double graceSeconds) =>
        Machine.Handle(new SlotEvent.KillRequested(Now, Incarnation, "task 7", TimeSpan.FromSeconds(graceSeconds)));

    public ImmutableArray<SlotAction> Condemn(LeaveKind kind) =>
        Machine.Handle(new SlotEvent.Condemned(Now, Incarnation, kind, "too bad"));

    public static string Text(IEnumerable<SlotAction> actions) => string.Join(' ', actions.Select(Text));

    public static string Text(SlotAction action) => action switch
    {
        SlotAction.SetTimer timer => string.Create(CultureInfo.InvariantCulture, $"{timer.Kind}({timer.Delay.TotalSeconds})"),
        SlotAction.Spawn spawn => string.Create(CultureInfo.InvariantCulture, $"Spawn#{spawn.Incarnation}"),
        SlotAction.Report report => string.Create(CultureInfo.InvariantCulture, $"Report#{report.Incarnation}[{report.Cause}, {report.Next}]"),
        SlotAction.Abandon abandon => string.Create(CultureInfo.InvariantCulture, $"Abandon#{abandon.Incarnation}"),
        SlotAction.AskToLeave { InItsOwnTime: true } => "AskToLeaveInItsOwnTime",
        SlotAction.SayOverdue late => string.Create(CultureInfo.InvariantCulture, $"SayOverdue#{late.Incarnation}({late.For.TotalSeconds})"),
        _ => action.GetType().Name,
    };

    /// <summary>Always rolls the same.</summary>
    internal sealed class FixedRandom(double roll) : Random
    {
        public override double NextDouble() => roll;
    }
}
