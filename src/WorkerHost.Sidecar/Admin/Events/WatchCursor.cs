using System.Collections.Immutable;
using System.Globalization;

namespace WorkerHost.Sidecar.Admin.Events;

/// <summary>
/// How far somebody has read the events of each pool; for clients a text without a meaning. Written
/// <c>pool=instance:sequence</c>, by name, with semicolons between. Immutable.
/// </summary>
internal sealed record WatchCursor(ImmutableSortedDictionary<string, (string Instance, long Sequence)> Read)
{
    public static WatchCursor Empty { get; } = new(ImmutableSortedDictionary.Create<string, (string, long)>(StringComparer.Ordinal));

    public WatchCursor With(string pool, string instance, long sequence) => new(Read.SetItem(pool, (instance, sequence)));

    /// <returns>Null: the text is no cursor.</returns>
    public static WatchCursor? Parse(string text)
    {
        var read = Empty.Read.ToBuilder();
        foreach (var part in text.Split(';'))
        {
            // Names of pools have neither of these characters.
            var equals = part.IndexOf('=', StringComparison.Ordinal);
            var colon = part.LastIndexOf(':');
            if (equals < 1 || colon <= equals + 1
                || !long.TryParse(part.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var sequence)
                || read.ContainsKey(part[..equals]))
            {
                return null;
            }

            read.Add(part[..equals], (part[(equals + 1)..colon], sequence));
        }

        return new WatchCursor(read.ToImmutable());
    }

    public override string ToString() =>
        string.Join(';', Read.Select(static pool => string.Create(CultureInfo.InvariantCulture, $"{pool.Key}={pool.Value.Instance}:{pool.Value.Sequence}")));
}
