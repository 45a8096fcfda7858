namespace WorkerHost.Supervision.Tests;

/// <summary>The system's time, but for a wall clock that somebody sets; counts how often its periodic timers have fired.</summary>
internal sealed class JumpingClock : TimeProvider
{
    private long offset;
    private int ticks;

    public int Ticks => Volatile.Read(ref ticks);

    public void Jump(TimeSpan by) => Interlocked.Add(ref offset, by.Ticks);

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow().AddTicks(Interlocked.Read(ref offset));

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => period == Timeout.InfiniteTimeSpan
        ? base.CreateTimer(callback, state, dueTime, period)
        : base.CreateTimer(
            s =>
            {
                Interlocked.Increment(ref ticks);
                callback(s);
            },
            state,
            dueTime,
            period);
}
