namespace WorkerHost.Testing;

/// <summary>Chance that comes again the same. Thread-safe, which .NET's own seeded one is not.</summary>
internal sealed class SeededRandom(int seed) : Random
{
    private readonly Lock gate = new();
    private readonly Random inner = new(seed);

    public override int Next()
    {
        lock (gate)
        {
            return inner.Next();
        }
    }

    public override int Next(int minValue, int maxValue)
    {
        lock (gate)
        {
            return inner.Next(minValue, maxValue);
        }
    }

    public override long NextInt64(long minValue, long maxValue)
    {
        lock (gate)
        {
            return inner.NextInt64(minValue, maxValue);
        }
    }

    public override double NextDouble()
    {
        lock (gate)
        {
            return inner.NextDouble();
        }
    }

    protected override double Sample() => NextDouble();
}
