using System.Collections;
using System.Collections.Immutable;

namespace WorkerHost.Sidecar.Configuration;

/// <summary>Where a configuration is read from.</summary>
internal sealed record SettingInput
{
    /// <summary>The file that the command line names. Null: see <see cref="ConfigurationFile.Find"/>.</summary>
    public string? File { get; init; }

    /// <summary>What the command line sets: <c>path=value</c>, the path with ':' between its keys, or '.' where there is no ':' in it.</summary>
    public ImmutableArray<string> Set { get; init; } = [];

    /// <summary>The environment.</summary>
    public ImmutableSortedDictionary<string, string> Environment { get; init; } = ImmutableSortedDictionary<string, string>.Empty.WithComparers(StringComparer.Ordinal);

    /// <summary>Where relative paths of configuration files begin.</summary>
    public string Directory { get; init; } = System.Environment.CurrentDirectory;

    /// <summary>With the environment of this process.</summary>
    public static SettingInput Create(string? file, IEnumerable<string> set) => new()
    {
        File = file,
        Set = [.. set],
        Environment = System.Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
            .ToImmutableSortedDictionary(static pair => (string)pair.Key, static pair => (string?)pair.Value ?? "", StringComparer.Ordinal),
    };

    /// <summary>A variable of the environment; null where it is not set or empty.</summary>
    public string? Variable(string name) => Environment.TryGetValue(name, out var value) && value.Length > 0 ? value : null;
}
