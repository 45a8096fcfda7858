using System.Collections.Immutable;

namespace WorkerHost.Sidecar.Configuration;

/// <summary>What was written for one setting.</summary>
/// <param name="Text">The value; null: JSON's null.</param>
/// <param name="Source">Where it stands.</param>
internal sealed record SettingValue(string? Text, SettingSource Source);

/// <summary>
/// What was written, by path, in any case. What is set later takes the place of what was there: a value that of the group or list
/// which had its path before, an element of a list only that element.
/// </summary>
internal sealed class SettingValues
{
    public const char Separator = ':';

    private readonly SortedDictionary<string, SettingValue> values = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Each group's path as it was written first.</summary>
    private readonly Dictionary<string, string> spelled = new(StringComparer.OrdinalIgnoreCase);

    public void Set(string path, SettingValue value)
    {
        path = Spelled(path);
        Clear(path);
        for (var end = path.LastIndexOf(Separator); end > 0; end = path.LastIndexOf(Separator, end - 1))
        {
            values.Remove(path[..end]);
        }

        values[path] = value;
    }

    /// <summary>All elements of a list at once; those that were there before are gone.</summary>
    public void SetList(string path, IReadOnlyList<string?> elements, SettingSource source)
    {
        Set(path, new SettingValue("", source));
        for (var i = 0; i < elements.Count; i++)
        {
            Set(FormattableString.Invariant($"{path}{Separator}{i}"), new SettingValue(elements[i], source));
        }
    }

    /// <summary>What stands at the path itself.</summary>
    public SettingValue? Find(string path) => values.GetValueOrDefault(path);

    /// <summary>Where what stands at the path, or the last-named place of what stands below it, was set; null: nowhere.</summary>
    public SettingSource? SourceOf(string path) => values.TryGetValue(path, out var value)
        ? value.Source
        : Below(path).Select(static pair => pair.Value.Source).MaxBy(static source => source.Origin);

    /// <summary>What is set below a path, in the order of paths.</summary>
    public IEnumerable<KeyValuePair<string, SettingValue>> Below(string path) =>
        values.Where(pair => pair.Key.Length > path.Length && pair.Key[path.Length] == Separator && pair.Key.StartsWith(path, StringComparison.OrdinalIgnoreCase));

    /// <summary>The keys that come next below a path, as they were written first, in their order.</summary>
    public ImmutableArray<string> KeysBelow(string path) =>
    [
        .. Below(path).Select(pair => pair.Key[(path.Length + 1)..].Split(Separator)[0]).Distinct(StringComparer.OrdinalIgnoreCase),
    ];

    public IConfiguration AsConfiguration() => new ConfigurationBuilder()
        .AddInMemoryCollection(values.Select(static pair => KeyValuePair.Create(pair.Key, pair.Value.Text)))
        .Build();

    private string Spelled(string path)
    {
        var first = "";
        foreach (var key in path.Split(Separator))
        {
            var next = first.Length == 0 ? key : $"{first}{Separator}{key}";
            first = spelled.TryAdd(next, next) ? next : spelled[next];
        }

        return first;
    }

    private void Clear(string path)
    {
        foreach (var (below, _) in Below(path).ToList())
        {
            values.Remove(below);
        }
    }
}
