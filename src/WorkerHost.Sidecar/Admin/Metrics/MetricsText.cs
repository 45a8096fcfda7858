using System.Globalization;
using System.Text;

namespace WorkerHost.Sidecar.Admin.Metrics;

/// <summary>
/// Prometheus' text format, version 0.0.4 (prometheus.io/docs/instrumenting/exposition_formats). Names as OpenTelemetry's
/// compatibility rules make them: what is no letter, digit or '_' becomes '_', the unit is spelled out at the end, and a counter ends with _total.
/// </summary>
internal static class MetricsText
{
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    public static string Write(IEnumerable<MetricsListener.Instrumented> instruments)
    {
        var text = new StringBuilder(16 * 1024);
        foreach (var instrument in instruments)
        {
            var name = NameOf(instrument.Name, instrument.Instrument.Unit, instrument.IsCounter);
            text.Append("# HELP ").Append(name).Append(' ').Append(Escaped(instrument.Instrument.Description ?? "", quotes: false)).Append('\n');
            text.Append("# TYPE ").Append(name).Append(instrument.IsHistogram ? " histogram" : instrument.IsCounter ? " counter" : " gauge").Append('\n');
            foreach (var (labels, value) in instrument.Values.Select(v => (Labels(instrument.AttributeNames, v.Key), v.Value)).OrderBy(static v => v.Item1, StringComparer.Ordinal))
            {
                Line(text, name, labels, value);
            }

            foreach (var (labels, series) in instrument.Recorded.Select(r => (Labels(instrument.AttributeNames, r.Key), r.Value)).OrderBy(static r => r.Item1, StringComparer.Ordinal))
            {
                Histogram(text, name, labels, series, instrument.UpTo);
            }
        }

        return text.ToString();
    }

    /// <summary>For example <c>workerhost_worker_starts_total</c>, <c>workerhost_task_duration_seconds</c>.</summary>
    public static string NameOf(string name, string? unit, bool isCounter)
    {
        var suffix = unit switch
        {
            "s" => "_seconds",
            "By" => "_bytes",
            _ => "",
        };
        return $"{new string([.. name.Select(static c => char.IsAsciiLetterOrDigit(c) ? c : '_')])}{suffix}{(isCounter ? "_total" : "")}";
    }

    private static void Histogram(StringBuilder text, string name, string labels, RecordedSeries series, double[] upTo)
    {
        long sum = 0;
        var buckets = series.Buckets;
        for (var i = 0; i < buckets.Length; i++)
        {
            sum += buckets[i];
            var bound = i < upTo.Length ? Number(upTo[i]) : "+Inf";
            Line(text, $"{name}_bucket", $"{labels}{(labels.Length > 0 ? "," : "")}le=\"{bound}\"", sum);
        }

        Line(text, $"{name}_sum", labels, series.Sum);

        // Of the buckets and not counted for itself: the two must not differ.
        Line(text, $"{name}_count", labels, sum);
    }

    private static void Line(StringBuilder text, string name, string labels, double value)
    {
        text.Append(name);
        if (labels.Length > 0)
        {
            text.Append('{').Append(labels).Append('}');
        }

        text.Append(' ').Append(Number(value)).Append('\n');
    }

    private static string Labels(string[] names, SeriesKey key) => string.Join(',', names.Select((name, i) => (Name: name, Value: key[i]))
        .Where(static label => label.Value is not null)
        .Select(static label => $"{NameOf(label.Name, null, isCounter: false)}=\"{Escaped(label.Value!, quotes: true)}\""));

    private static string Escaped(string text, bool quotes)
    {
        var escaped = text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
        return quotes ? escaped.Replace("\"", "\\\"", StringComparison.Ordinal) : escaped;
    }

    private static string Number(double value) => value.ToString("R", CultureInfo.InvariantCulture);
}
