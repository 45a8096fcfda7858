using System.Collections.Immutable;
using System.Reflection;
using System.Text.Json;
using WorkerHost.Hosting;

namespace WorkerHost.Sidecar.Configuration;

/// <summary>What can stand at a path.</summary>
internal enum SettingKind
{
    /// <summary>Nothing: there is no such setting.</summary>
    Unknown = 0,

    /// <summary>One value.</summary>
    Value = 1,

    /// <summary>A list of texts.</summary>
    List = 2,

    /// <summary>Names, each with a text.</summary>
    Names = 3,

    /// <summary>Further settings.</summary>
    Group = 4,
}

/// <summary>A place in the configuration.</summary>
/// <param name="Path">Its path as it is spelled in documents; what is no setting, as it was written.</param>
/// <param name="Kind">What can stand there. Of an element of a list, or of a name, it is <see cref="SettingKind.Value"/>.</param>
internal readonly record struct SettingPlace(string Path, SettingKind Kind);

/// <summary>The settings there are, from the records that hold them.</summary>
internal static class SettingsCatalog
{
    public const string Pools = "pools";
    public const string Command = "command";

    /// <summary>A key at the top that editors look for.</summary>
    public const string Schema = "$schema";

    /// <summary>What a host's pools cannot be told, because it is said elsewhere: the name is the key, and each other one the pool has itself.</summary>
    private static readonly ImmutableHashSet<(Type, string)> SaidElsewhere =
    [
        (typeof(WorkerPoolOptions), nameof(WorkerPoolOptions.Name)),
        (typeof(SupervisorOptions), nameof(SupervisorOptions.PoolName)),
        (typeof(SupervisorOptions), nameof(SupervisorOptions.MaxMessageBytes)),
        (typeof(SupervisorOptions), nameof(SupervisorOptions.Workers)),
        (typeof(SupervisorOptions), nameof(SupervisorOptions.Concurrency)),
    ];

    public static bool Takes(PropertyInfo property) => !SaidElsewhere.Contains((property.DeclaringType!, property.Name));

    public static string Spelled(string name) => JsonNamingPolicy.CamelCase.ConvertName(name);

    /// <summary>The settings of a group, in the order of names.</summary>
    public static IEnumerable<PropertyInfo> SettingsOf(Type type) => SettingsReader.SettingsOf(type).Where(Takes);

    public static SettingKind KindOf(Type type) =>
        type == typeof(ImmutableArray<string>) ? SettingKind.List
        : type == typeof(ImmutableDictionary<string, string>) ? SettingKind.Names
        : SettingsReader.IsGroup(type) ? SettingKind.Group
        : SettingKind.Value;

    /// <summary>What a path is, in whatever case it was written.</summary>
    public static SettingPlace Find(IReadOnlyList<string> keys)
    {
        if (Is(keys[0], Schema) && keys.Count == 1)
        {
            return new SettingPlace(Schema, SettingKind.Value);
        }

        if (!Is(keys[0], Pools))
        {
            return Find(typeof(HostSettings), [], keys);
        }

        if (keys.Count <= 2)
        {
            return new SettingPlace(Join([Pools, .. keys.Skip(1)]), SettingKind.Group);
        }

        string[] start = [Pools, keys[1]];
        return !Is(keys[2], Command) ? Find(typeof(EmbeddedPoolOptions), start, [.. keys.Skip(2)])
            : keys.Count == 3 ? new SettingPlace(Join([.. start, Command]), SettingKind.Group)
            : Find(typeof(WorkerCommand), [.. start, Command], [.. keys.Skip(3)]);
    }

    public static string Join(IEnumerable<string> keys) => string.Join(SettingValues.Separator, keys);

    private static SettingPlace Find(Type type, IReadOnlyList<string> start, IReadOnlyList<string> keys)
    {
        var found = new List<string>(start);
        for (var i = 0; i < keys.Count; i++)
        {
            if (SettingsOf(type).FirstOrDefault(p => Is(p.Name, keys[i])) is not { } property)
            {
                return new SettingPlace(Join([.. found, .. keys.Skip(i)]), SettingKind.Unknown);
            }

            found.Add(Spelled(property.Name));
            type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
            var kind = KindOf(type);
            var rest = keys.Skip(i + 1).ToArray();
            if (rest.Length == 0 || kind != SettingKind.Group)
            {
                return new SettingPlace(Join([.. found, .. rest]), rest.Length == 0 ? kind : kind == SettingKind.Value ? SettingKind.Unknown : SettingKind.Value);
            }
        }

        throw new ArgumentException("a path has at least one key", nameof(keys));
    }

    private static bool Is(string key, string name) => string.Equals(key, name, StringComparison.OrdinalIgnoreCase);
}
