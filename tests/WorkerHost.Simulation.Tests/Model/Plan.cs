using WorkerHost.Client;
using WorkerHost.Supervision;

namespace WorkerHost.Simulation.Tests;

/// <summary>How a schedule ends.</summary>
internal enum Ending
{
    /// <summary>The faults end, everything accepted ends too, then the pool is stopped.</summary>
    Heal,

    /// <summary>The pool is stopped in the middle of it all; what was accepted may finish.</summary>
    StopPool,

    /// <summary>The same, and everything is cancelled at once.</summary>
    CancelAll,

    /// <summary>The same, and what has not begun is cancelled.</summary>
    CancelWaiting,

    /// <summary>Somebody stops the supervisor under its pool.</summary>
    StopSupervisor,
}

/// <summary>
/// What one schedule is made of. Each kind of fault is absent from about half of all schedules, so that the common ones
/// do not hide the rare.
/// </summary>
internal sealed class Plan
{
    public Plan(Dice dice, Sabotage sabotage)
    {
        Ending = dice.Chance(55) ? Ending.Heal : (Ending)dice.Next(5);
        Workers = 1 + dice.Next(3);
        Spares = dice.Next(3) == 0 ? 0 : dice.Next(2);
        Surge = 1 + dice.Next(2);
        Concurrency = 1 + (dice.Chance(50) ? 0 : dice.Next(3));
        Tasks = 6 + dice.Next(26);
        Span = dice.Time(TimeSpan.FromSeconds(0.2), TimeSpan.FromSeconds(8));
        Bursts = dice.Chance(50) ? 1 + dice.Next(4) : 0;
        Fuses = Some(dice, 40);
        Faults = dice.Next(3) == 0 ? 0 : dice.Next(10);
        Changes = dice.Chance(50) ? dice.Next(4) : 0;
        Cancels = Some(dice, 30);
        Limits = Some(dice, 40);
        Poison = Some(dice, 25);
        Stubborn = Some(dice, 20);
        Throws = Some(dice, 25);
        Idempotent = dice.Chance(30) ? 100 : dice.Next(80);
        Priorities = Some(dice, 80);
        BootFails = Some(dice, 35);
        OutageFrom = dice.Chance(12) ? (long)(dice.NextDouble() * Span) : long.MaxValue;
        LostSessions = Some(dice, 12);
        Duplicates = Some(dice, 10);
        Slow = Some(dice, 60);
        HasLedger = !dice.Chance(12);
        Sessions = !dice.Chance(8);
        Dispatcher = new DispatcherOptions
        {
            QueueCapacity = dice.Chance(20) ? dice.Next(5) : 1000,
            QuarantineAfter = sabotage == Sabotage.ForgetQuarantine ? 1000 : 2,
            IdPrefix = "sim",
            KillSharedWorkers = dice.Chance(20),
        };
        Times = new SlotTimes(TimeSpan.FromSeconds(4), TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(1), dice.Chance(30) ? TimeSpan.FromSeconds(6) : null);
        Restart = new RestartOptions { MaxBackoff = TimeSpan.FromSeconds(5), Intensity = dice.Next(5) };
        Liveness = new LivenessOptions { SuspectAfter = TimeSpan.FromSeconds(2), DeadAfter = TimeSpan.FromSeconds(dice.Chance(50) ? 4 : 10) };
        Recycling = new RecycleOptions
        {
            MaxTasks = dice.Chance(25) ? 1 + dice.Next(12) : null,
            MaxAge = dice.Chance(15) ? TimeSpan.FromSeconds(2 + dice.Next(10)) : null,
            HardMemoryBytes = Poison > 0 ? 1 << 30 : null,
            MaxDrain = Times.LongestDrain,
        };
    }

    public Ending Ending { get; }

    public int Workers { get; }

    public int Spares { get; }

    public int Surge { get; }

    public int Concurrency { get; }

    public int Tasks { get; }

    /// <summary>How long tasks come and faults happen, in ticks.</summary>
    public long Span { get; }

    /// <summary>Tasks come in so many bunches; 0: one by one.</summary>
    public int Bursts { get; }

    /// <summary>Kills, freezes and lost sessions from outside.</summary>
    public int Faults { get; }

    /// <summary>Scaling, restarts, drains.</summary>
    public int Changes { get; }

    // In percent.

    /// <summary>Of the workers: something happens to it at the n-th thing that it does, between two that belong together.</summary>
    public int Fuses { get; }

    public int Cancels { get; }

    public int Limits { get; }

    public int Poison { get; }

    public int Stubborn { get; }

    public int Throws { get; }

    public int Idempotent { get; }

    public int Priorities { get; }

    public int BootFails { get; }

    /// <summary>From then on, until the faults end, no worker can boot; in ticks.</summary>
    public long OutageFrom { get; }

    public int LostSessions { get; }

    public int Duplicates { get; }

    public int Slow { get; }

    public bool HasLedger { get; }

    /// <summary>Otherwise workers take one call per task.</summary>
    public bool Sessions { get; }

    public DispatcherOptions Dispatcher { get; }

    public SlotTimes Times { get; }

    public RestartOptions Restart { get; }

    public LivenessOptions Liveness { get; }

    public RecycleOptions Recycling { get; }

    private static int Some(Dice dice, int most) => dice.Chance(50) ? 0 : 1 + dice.Next(most);
}
