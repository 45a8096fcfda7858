using System.Collections.Immutable;
using System.Reflection;
using WorkerHost.Hosting;

namespace WorkerHost.Sidecar.Configuration;

/// <summary>One setting of a host as it counts, whoever has set it.</summary>
/// <param name="Path">Its path as it is spelled in documents.</param>
/// <param name="Property">Where it is kept.</param>
/// <param name="Value">Null where it may be absent and is. Of a list: all its texts; of names: the text of one.</param>
internal sealed record EffectiveSetting(string Path, PropertyInfo Property, object? Value)
{
    private const string Hidden = "(hidden)";

    /// <summary>The value without what is nobody's business: values of environment variables, and a password in an address.</summary>
    public object? Shown =>
        SettingsCatalog.KindOf(Property.PropertyType) == SettingKind.Names ? Hidden
        : Value is string text ? WithoutPassword(text)
        : Value is null or bool or int or long or double or ImmutableArray<string> ? Value
        : SettingText.Of(Value, bytes: false, SettingsCatalog.Spelled);

    /// <summary>All settings, in the order of paths.</summary>
    public static ImmutableArray<EffectiveSetting> Of(HostSettings settings) =>
    [
        .. In(settings, [])
            .Concat(settings.Pools.SelectMany(static pool => Of(pool)))
            .OrderBy(static setting => setting.Path, StringComparer.Ordinal),
    ];

    /// <summary>An address, if the text is one, without the user and password in it.</summary>
    public static string WithoutPassword(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.UserInfo.Length > 0
            ? text.Replace($"{uri.UserInfo}@", $"{Hidden}@", StringComparison.Ordinal)
            : text;

    /// <summary>Those of one pool.</summary>
    public static IEnumerable<EffectiveSetting> Of(ConfiguredPool pool)
    {
        ImmutableArray<string> path = [SettingsCatalog.Pools, pool.Name];
        return In(pool.Command, [.. path, SettingsCatalog.Command]).Concat(In(pool.Options, path));
    }

    /// <summary>Whether both have the same value; lists element by element.</summary>
    public bool IsSame(EffectiveSetting other) => Value is ImmutableArray<string> list && other.Value is ImmutableArray<string> others
        ? list.SequenceEqual(others, StringComparer.Ordinal)
        : Equals(Value, other.Value);

    private static IEnumerable<EffectiveSetting> In(object group, ImmutableArray<string> path)
    {
        foreach (var property in SettingsCatalog.SettingsOf(group.GetType()))
        {
            var value = property.GetValue(group);
            ImmutableArray<string> at = [.. path, SettingsCatalog.Spelled(property.Name)];
            var kind = SettingsCatalog.KindOf(Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType);
            var found = (kind, value) switch
            {
                (SettingKind.Group, not null) => In(value, at),
                (SettingKind.Names, ImmutableDictionary<string, string> names) => names.Select(pair => new EffectiveSetting(SettingsCatalog.Join([.. at, pair.Key]), property, pair.Value)),
                (SettingKind.List, ImmutableArray<string> { IsDefault: true }) => [new EffectiveSetting(SettingsCatalog.Join(at), property, ImmutableArray<string>.Empty)],
                _ => [new EffectiveSetting(SettingsCatalog.Join(at), property, value)],
            };
            foreach (var setting in found)
            {
                yield return setting;
            }
        }
    }
}
