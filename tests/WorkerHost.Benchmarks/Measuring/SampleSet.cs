using System.Globalization;

namespace WorkerHost.Benchmarks;

/// <summary>The median of the rounds, and their spread.</summary>
internal sealed record Figure(string Name, double Value, string Unit, double Min, double Max, int Rounds);

/// <summary>A figure per round, by name.</summary>
internal sealed class SampleSet
{
    private readonly Dictionary<string, (string Unit, List<double> Values)> samples = [];

    public void Add(string name, string unit, double value)
    {
        if (!samples.TryGetValue(name, out var entry))
        {
            samples[name] = entry = (unit, []);
        }

        entry.Values.Add(value);
    }

    public string Last(IEnumerable<string> names) => string.Join(", ", names.Where(samples.ContainsKey).Select(
        name => string.Create(CultureInfo.InvariantCulture, $"{name} {Number(samples[name].Values[^1])}")));

    public static string Number(double value) => value.ToString(value >= 100 ? "N0" : "0.##", CultureInfo.InvariantCulture);

    public IReadOnlyList<Figure> Figures() =>
    [
        .. samples.Select(s =>
        {
            var sorted = s.Value.Values.Order().ToArray();
            return new Figure(s.Key, Median(sorted), s.Value.Unit, sorted[0], sorted[^1], sorted.Length);
        }),
    ];

    private static double Median(double[] sorted) => sorted.Length % 2 == 1
        ? sorted[sorted.Length / 2]
        : (sorted[sorted.Length / 2 - 1] + sorted[sorted.Length / 2]) / 2;
}
