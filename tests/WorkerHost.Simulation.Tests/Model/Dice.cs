namespace WorkerHost.Simulation.Tests;

/// <summary>All chance of one schedule, from its seed (splitmix64). It is a <see cref="Random"/>, so that the product's own pauses come from it too.</summary>
internal sealed class Dice(ulong seed) : Random
{
    // Neighbouring seeds must not begin alike.
    private ulong state = (seed * 0x9E37_79B9_7F4A_7C15) + 0xBF58_476D_1CE4_E5B9;

    public override int Next(int below) => (int)(Roll() % (ulong)below);

    public override int Next(int from, int below) => from + Next(below - from);

    public override double NextDouble() => (Roll() >> 11) * (1.0 / (1UL << 53));

    public bool Chance(int percent) => Next(100) < percent;

    /// <summary>Between the two, in ticks.</summary>
    public long Time(TimeSpan least, TimeSpan most) => least.Ticks + (long)(NextDouble() * (most.Ticks - least.Ticks));

    /// <summary>In milliseconds, as ticks.</summary>
    public long Ms(double least, double most) => (long)((least + (NextDouble() * (most - least))) * TimeSpan.TicksPerMillisecond);

    private ulong Roll()
    {
        state += 0x9E37_79B9_7F4A_7C15;
        var z = state;
        z = (z ^ (z >> 30)) * 0xBF58_476D_1CE4_E5B9;
        z = (z ^ (z >> 27)) * 0x94D0_49BB_1331_11EB;
        return z ^ (z >> 31);
    }
}
