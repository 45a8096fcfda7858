using System.Globalization;

namespace WorkerHost;

/// <summary>Amounts of memory in messages.</summary>
internal static class SizeText
{
    /// <summary>In the unit in which people think of processes: <c>511.5 MiB</c>.</summary>
    public static string Of(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / (1024.0 * 1024.0):0.#} MiB");
}
