using System.Globalization;

namespace WorkerHost.Supervision;

/// <summary>Durations in messages, as a person would say them.</summary>
internal static class DurationText
{
    public static string Of(TimeSpan time) => time switch
    {
        { TotalDays: >= 1 } when time.Ticks % TimeSpan.TicksPerDay == 0 => string.Create(CultureInfo.InvariantCulture, $"{time.Days} {(time.Days == 1 ? "day" : "days")}"),
        { TotalSeconds: >= 1 or <= -1 } => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.#} s"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{time.TotalMilliseconds:0} ms"),
    };
}
