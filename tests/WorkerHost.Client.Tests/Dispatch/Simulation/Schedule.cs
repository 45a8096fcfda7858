namespace WorkerHost.Client.Tests;

/// <summary>Where a simulation takes its choices from: a list (which can be shrunk) or a seed (which can be replayed).</summary>
internal sealed class Schedule
{
    private readonly uint[]? choices;
    private ulong state;
    private int taken;

    public Schedule(ulong seed)
    {
        // Neighbouring seeds must not begin alike (splitmix64).
        state = seed * 0x9E37_79B9_7F4A_7C15 + 0xBF58_476D_1CE4_E5B9;
        Length = 60 + (int)(Next() % 140);
    }

    public Schedule(uint[] choices)
    {
        this.choices = choices;
        Length = choices.Length;
    }

    /// <summary>How many steps.</summary>
    public int Length { get; }

    public uint Next()
    {
        if (choices is not null)
        {
            return choices.Length == 0 ? 0 : choices[taken++ % choices.Length];
        }

        state += 0x9E37_79B9_7F4A_7C15;
        var z = state;
        z = (z ^ (z >> 30)) * 0xBF58_476D_1CE4_E5B9;
        z = (z ^ (z >> 27)) * 0x94D0_49BB_1331_11EB;
        return (uint)((z ^ (z >> 31)) >> 16);
    }

    public int Next(int below) => (int)(Next() % (uint)below);

    public bool Chance(int percent) => Next(100) < percent;
}
