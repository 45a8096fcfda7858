namespace WorkerHost.Samples.Tutorial;

/// <summary>What all four programs have done for them.</summary>
public static class Primes
{
    /// <summary>How many primes there are below <paramref name="limit"/>.</summary>
    public static int Below(int limit)
    {
        var composite = new bool[Math.Max(limit, 2)];
        var primes = 0;
        for (var i = 2; i < limit; i++)
        {
            if (!composite[i])
            {
                primes++;
                for (var multiple = (long)i * i; multiple < limit; multiple += i)
                {
                    composite[multiple] = true;
                }
            }
        }

        return primes;
    }
}
