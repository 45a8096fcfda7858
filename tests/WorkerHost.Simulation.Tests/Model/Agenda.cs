namespace WorkerHost.Simulation.Tests;

/// <summary>Virtual time: what is to happen when. Nothing else in a schedule knows a clock.</summary>
internal sealed class Agenda
{
    private readonly PriorityQueue<Action, Moment> due = new();
    private long order;

    /// <summary>In ticks since the schedule began.</summary>
    public long Now { get; private set; }

    public TimeSpan Time => TimeSpan.FromTicks(Now);

    public void After(long ticks, Action what) => At(Now + ticks, what);

    public void After(TimeSpan delay, Action what) => At(Now + delay.Ticks, what);

    public void At(long at, Action what) => due.Enqueue(what, new Moment(Math.Max(at, Now), order++));

    /// <summary>The next thing happens. False: nothing is to happen any more.</summary>
    public bool Step()
    {
        if (!due.TryDequeue(out var what, out var moment))
        {
            return false;
        }

        Now = moment.At;
        what();
        return true;
    }

    private readonly record struct Moment(long At, long Order) : IComparable<Moment>
    {
        public int CompareTo(Moment other) => At != other.At ? At.CompareTo(other.At) : Order.CompareTo(other.Order);
    }
}
