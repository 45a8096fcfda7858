using System.Collections;

namespace WorkerHost.Supervision;

/// <summary>
/// What a worker inherits: an allow-list, because a host's environment holds secrets that are none of its workers'
/// business.
/// </summary>
internal static class WorkerEnvironment
{
    private static readonly string[] Always =
        ["PATH", "HOME", "LANG", "LC_*", "TZ", "TMPDIR", "USER", "LOGNAME", "DOTNET_*", "SSL_CERT_*"];

    /// <summary>
    /// For a .NET worker: one of many processes on the machine, so one heap, no collector thread of its own, and no idle
    /// thread that spins for long on a processor which another worker could use (the number is hexadecimal): see decision 0013.
    /// </summary>
    private static readonly (string Name, string Value)[] UnlessSet =
        [("DOTNET_gcServer", "0"), ("DOTNET_gcConcurrent", "0"), ("DOTNET_ThreadPool_UnfairSemaphoreSpinLimit", "10")];

    /// <returns>"NAME=value", by name.</returns>
    public static IReadOnlyList<string> Build(IDictionary host, IEnumerable<string> further, IReadOnlyDictionary<string, string> own, IsolationPlan? isolation = null)
    {
        var patterns = Always.Concat(further).ToArray();
        var result = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (DictionaryEntry entry in host)
        {
            if (entry is { Key: string name, Value: string value } && patterns.Any(pattern => Matches(pattern, name)))
            {
                result[name] = value;
            }
        }

        IsolationEnvironment.Rename(result, isolation?.Account);
        foreach (var (name, value) in own)
        {
            result[name] = value;
        }

        foreach (var (name, value) in UnlessSet)
        {
            result.TryAdd(name, value);
        }

        IsolationEnvironment.LimitHeap(result, isolation?.Options.MemoryLimitBytes);
        result[LaunchMarker.EnvironmentVariable] = "1";
        return [.. result.Select(pair => $"{pair.Key}={pair.Value}")];
    }

    private static bool Matches(string pattern, string name) => pattern.EndsWith('*')
        ? name.StartsWith(pattern[..^1], StringComparison.Ordinal)
        : string.Equals(pattern, name, StringComparison.Ordinal);
}
