namespace WorkerHost.Sidecar.Tests.Serving;

/// <summary>Where a figure goes that goes up and down: what a straight line through all samples gains from its beginning to its end.</summary>
internal static class Trend
{
    /// <param name="samples">At equal distances.</param>
    public static double Of(IReadOnlyList<double> samples)
    {
        if (samples.Count < 2)
        {
            return 0;
        }

        var (middle, mean) = ((samples.Count - 1) / 2.0, samples.Average());
        var slope = samples.Select((y, x) => (x - middle) * (y - mean)).Sum() / samples.Select((_, x) => (x - middle) * (x - middle)).Sum();
        return slope * (samples.Count - 1);
    }
}
