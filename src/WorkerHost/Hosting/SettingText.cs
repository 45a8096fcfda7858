using System.Globalization;

namespace WorkerHost.Hosting;

/// <summary>Values of settings as a person writes them: numbers, sizes (<c>64MiB</c>), times (<c>30s</c>), words.</summary>
internal static class SettingText
{
    /// <summary>The longer one before the shorter one that it ends with.</summary>
    private static readonly (string Name, long Ticks)[] Times =
    [
        ("ms", TimeSpan.TicksPerMillisecond), ("s", TimeSpan.TicksPerSecond), ("m", TimeSpan.TicksPerMinute),
        ("h", TimeSpan.TicksPerHour), ("d", TimeSpan.TicksPerDay),
    ];

    private static readonly (string Name, long Bytes)[] Sizes = [("GiB", 1L << 30), ("MiB", 1L << 20), ("KiB", 1L << 10)];

    /// <returns>Null: this is no text of such a value.</returns>
    public static object? Parse(string text, Type type, bool bytes) =>
        type == typeof(string) ? text
        : type == typeof(bool) ? bool.TryParse(text, out var b) ? b : null
        : type == typeof(int) ? Whole(text, bytes) is { } i and >= int.MinValue and <= int.MaxValue ? (int)i : null
        : type == typeof(long) ? Whole(text, bytes)
        : type == typeof(double) ? double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var d) && double.IsFinite(d) ? d : null
        : type == typeof(TimeSpan) ? Time(text)
        : type.IsEnum && !int.TryParse(text, CultureInfo.InvariantCulture, out _) && Enum.TryParse(type, text, ignoreCase: true, out var e) && Enum.IsDefined(type, e) ? e
        : null;

    /// <summary>What <see cref="Parse"/> takes.</summary>
    public static string Allowed(Type type, bool bytes, Func<string, string> spelled) =>
        type == typeof(bool) ? "true or false"
        : type == typeof(int) || type == typeof(long) ? $"a whole number of at most {(type == typeof(int) ? 32 : 64)} bits{(bytes ? ", or a size as 64KiB, 64MiB, 1GiB" : "")}"
        : type == typeof(double) ? "a number"
        : type == typeof(TimeSpan) ? "a time as 500ms, 30s, 5m, 1h, 1d or [days.]hours:minutes:seconds[.fraction], 00:00:30 for 30 seconds"
        : type.IsEnum ? string.Join(", ", Enum.GetNames(type).Select(spelled))
        : "a text";

    /// <summary>The shortest text that <see cref="Parse"/> makes the same value of.</summary>
    public static string Of(object value, bool bytes, Func<string, string> spelled) => value switch
    {
        string text => text,
        bool flag => flag ? "true" : "false",
        TimeSpan time => Of(time),
        int or long when bytes && Convert.ToInt64(value, CultureInfo.InvariantCulture) is var size && Array.FindIndex(Sizes, s => size > 0 && size % s.Bytes == 0) is >= 0 and var unit =>
            string.Create(CultureInfo.InvariantCulture, $"{size / Sizes[unit].Bytes}{Sizes[unit].Name}"),
        Enum word => spelled(word.ToString()),
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString() ?? "",
    };

    private static string Of(TimeSpan time)
    {
        if (time < TimeSpan.Zero)
        {
            return time.ToString("c", CultureInfo.InvariantCulture);
        }

        var unit = time == TimeSpan.Zero ? 1
            : time.Ticks % TimeSpan.TicksPerDay == 0 ? 4
            : time.Ticks % TimeSpan.TicksPerHour == 0 ? 3
            : time.Ticks % TimeSpan.TicksPerMinute == 0 ? 2
            : time.Ticks >= TimeSpan.TicksPerSecond ? 1 : 0;
        return $"{((decimal)time.Ticks / Times[unit].Ticks).ToString("0.#######", CultureInfo.InvariantCulture)}{Times[unit].Name}";
    }

    private static long? Whole(string text, bool bytes)
    {
        var unit = bytes ? Array.FindIndex(Sizes, size => text.EndsWith(size.Name, StringComparison.OrdinalIgnoreCase)) : -1;
        var digits = unit < 0 ? text : text[..^Sizes[unit].Name.Length].TrimEnd(' ');
        var factor = unit < 0 ? 1 : Sizes[unit].Bytes;
        return long.TryParse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole)
            && whole >= long.MinValue / factor && whole <= long.MaxValue / factor
            ? whole * factor
            : null;
    }

    // A bare number means days to TimeSpan.Parse and seconds to nearly everybody else: it is not taken at all.
    private static object? Time(string text)
    {
        if (text.Contains(':', StringComparison.Ordinal))
        {
            return TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var span) ? span : null;
        }

        var unit = Array.FindIndex(Times, time => text.EndsWith(time.Name, StringComparison.OrdinalIgnoreCase));
        return unit >= 0
            && decimal.TryParse(text[..^Times[unit].Name.Length].TrimEnd(' '), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
            && number <= (decimal)TimeSpan.MaxValue.Ticks / Times[unit].Ticks
            ? TimeSpan.FromTicks((long)(number * Times[unit].Ticks))
            : null;
    }
}
