using System.Globalization;

namespace WorkerHost;

/// <summary>Durations in messages, as a person would say them.</summary>
internal static class DurationText
{
    /// <summary>What was measured or is left to wait: <c>35 ms</c>, <c>1.6 s</c>, <c>2 days</c>.</summary>
    public static string Of(TimeSpan time) => Text(time, "0.#", "0");

    /// <summary>What somebody has set, to be found again as it was written: <c>1.625 s</c>.</summary>
    public static string Exact(TimeSpan time) => Text(time, "0.###", "0.####");

    private static string Text(TimeSpan time, string seconds, string milliseconds) => time switch
    {
        { TotalDays: >= 1 } when time.Ticks % TimeSpan.TicksPerDay == 0 => string.Create(CultureInfo.InvariantCulture, $"{time.Days} {(time.Days == 1 ? "day" : "days")}"),
        { TotalSeconds: >= 1 or <= -1 } => $"{time.TotalSeconds.ToString(seconds, CultureInfo.InvariantCulture)} s",
        _ => $"{time.TotalMilliseconds.ToString(milliseconds, CultureInfo.InvariantCulture)} ms",
    };
}
