namespace WorkerHost.Supervision;

/// <summary>
/// Pauses of "full jitter": uniform between 0 and a ceiling that doubles with each failure in a row (Brooker, "Exponential
/// Backoff and Jitter", AWS 2015).
/// </summary>
internal sealed class Backoff(RestartOptions options, Random random)
{
    /// <summary>2^30 times any sensible minimum is far beyond any maximum; a larger exponent would only overflow.</summary>
    private const int LargestExponent = 30;

    private int failures;

    public TimeSpan Next()
    {
        var ceiling = options.MinBackoff * Math.Pow(2, Math.Min(failures, LargestExponent));
        failures++;
        return random.NextDouble() * (ceiling < options.MaxBackoff ? ceiling : options.MaxBackoff);
    }

    public void Reset() => failures = 0;
}
