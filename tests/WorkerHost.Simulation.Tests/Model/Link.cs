namespace WorkerHost.Simulation.Tests;

/// <summary>A way for messages: they arrive in order, each after a delay of its own; those on their way can be lost.</summary>
/// <param name="agenda">The schedule's time.</param>
/// <param name="delay">How long the next one takes, in ticks.</param>
/// <param name="arrive">What its arrival does.</param>
internal sealed class Link<T>(Agenda agenda, Func<long> delay, Action<T> arrive)
{
    private readonly Queue<T> onTheWay = new();
    private long lastArrival;
    private int losses;

    public int Count => onTheWay.Count;

    public void Put(T message)
    {
        var before = losses;
        lastArrival = Math.Max(lastArrival, agenda.Now + delay());
        onTheWay.Enqueue(message);
        agenda.At(lastArrival, () =>
        {
            if (before == losses)
            {
                arrive(onTheWay.Dequeue());
            }
        });
    }

    public void Lose()
    {
        losses++;
        onTheWay.Clear();
    }
}
