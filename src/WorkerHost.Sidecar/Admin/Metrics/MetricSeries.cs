using System.Globalization;

namespace WorkerHost.Sidecar.Admin.Metrics;

/// <summary>The attributes of one measurement, in a form that costs nothing to look up: our instruments have three at most.</summary>
internal readonly record struct SeriesKey(object? First, object? Second, object? Third)
{
    public const int Most = 3;

    public static SeriesKey Of(ReadOnlySpan<KeyValuePair<string, object?>> attributes) => new(
        attributes.Length > 0 ? attributes[0].Value : null,
        attributes.Length > 1 ? attributes[1].Value : null,
        attributes.Length > 2 ? attributes[2].Value : null);

    public string? this[int index] => Convert.ToString(index switch { 0 => First, 1 => Second, _ => Third }, CultureInfo.InvariantCulture);
}

/// <summary>What a counter has counted. Thread-safe.</summary>
internal sealed class CountedSeries
{
    private long count;

    public long Count => Interlocked.Read(ref count);

    public void Add(long more) => Interlocked.Add(ref count, more);
}

/// <summary>What a histogram has recorded. Thread-safe; a reader may see a measurement in one of its numbers and not yet in another.</summary>
internal sealed class RecordedSeries(int bounds)
{
    private readonly long[] buckets = new long[bounds + 1];
    private double sum;

    public double Sum => Volatile.Read(ref sum);

    /// <summary>Above all bounds is the last.</summary>
    public long[] Buckets => [.. buckets.Select((_, i) => Interlocked.Read(ref buckets[i]))];

    public void Record(double value, double[] upTo)
    {
        var bucket = Array.BinarySearch(upTo, value);
        Interlocked.Increment(ref buckets[bucket < 0 ? ~bucket : bucket]);
        for (var before = sum; ;)
        {
            var seen = Interlocked.CompareExchange(ref sum, before + value, before);
            if (seen.Equals(before))
            {
                return;
            }

            before = seen;
        }
    }
}
