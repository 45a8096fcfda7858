namespace WorkerHost.Samples.Tutorial;

internal static class Limits
{
    public static readonly int[] All = [5_000_000, 3_000_000, 1_000_000, 10_000, 10];
}
