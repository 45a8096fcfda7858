using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Reflection;
using Microsoft.Extensions.Configuration;

namespace WorkerHost.Hosting;

/// <summary>
/// Reads immutable options from configuration: what is set there replaces what the options had. Nothing is ignored: a key that
/// no option has and a value that cannot be read are errors, all of them told at once, each with its path, what stands there and
/// what is allowed. (The binder of Microsoft.Extensions.Configuration ends at the first error and does not know immutable
/// collections.)
/// </summary>
/// <param name="wrong">Is told of each error: the path, and what is the matter there.</param>
[RequiresUnreferencedCode(Warning)]
internal sealed class SettingsReader(Action<string, string> wrong)
{
    public const string Warning = "Options are found by reflection; give them in code where the program is trimmed.";

    public SettingsReader(ICollection<string> errors)
        : this((path, problem) => errors.Add($"{path} {problem}"))
    {
    }

    /// <summary>Which of the settings may be set here. Default: all.</summary>
    public Func<PropertyInfo, bool> Takes { get; init; } = static _ => true;

    /// <summary>How names are spelled in messages; they are understood in any case. Default: as in C#.</summary>
    public Func<string, string> Spelled { get; init; } = static name => name;

    /// <summary>What can be set in options of this type, in the order of names.</summary>
    public static IEnumerable<PropertyInfo> SettingsOf(Type type) => type
        .GetProperties(BindingFlags.Public | BindingFlags.Instance)
        .Where(static p => p is { CanRead: true, CanWrite: true } && p.GetIndexParameters().Length == 0 && IsSetting(p.PropertyType))
        .OrderBy(static p => p.Name, StringComparer.Ordinal);

    /// <summary>Whether a setting is a group of further ones.</summary>
    public static bool IsGroup(Type type) =>
        type is { IsClass: true, IsAbstract: false } && type.Assembly.GetName().Name!.StartsWith(nameof(WorkerHost), StringComparison.Ordinal);

    /// <summary>Whether a setting may be absent.</summary>
    public static bool MayBeNull(PropertyInfo property) =>
        Nullable.GetUnderlyingType(property.PropertyType) is not null
        || (!property.PropertyType.IsValueType && new NullabilityInfoContext().Create(property).WriteState == NullabilityState.Nullable);

    /// <summary>Whether a setting is a number of bytes, which can be written as a size.</summary>
    public static bool IsBytes(PropertyInfo property) => property.Name.EndsWith("Bytes", StringComparison.Ordinal);

    /// <summary>The options with what the section sets; they themselves stay as they are.</summary>
    /// <param name="section">Where to look.</param>
    /// <param name="options">A record.</param>
    /// <param name="others">Keys in the section that are somebody else's.</param>
    public T Read<T>(IConfiguration section, T options, params ReadOnlySpan<string> others)
        where T : class =>
        (T)Read(section, (section as IConfigurationSection)?.Path ?? "", options, typeof(T), others);

    private object Read(IConfiguration section, string path, object options, Type type, params ReadOnlySpan<string> others)
    {
        var copy = Copy(options);
        var settings = SettingsOf(type).Where(Takes).ToDictionary(static p => p.Name, StringComparer.OrdinalIgnoreCase);
        foreach (var child in section.GetChildren())
        {
            var at = path.Length == 0 ? child.Key : $"{path}:{child.Key}";
            if (others.Contains(child.Key, StringComparer.OrdinalIgnoreCase))
            {
                continue;
            }

            if (!settings.TryGetValue(child.Key, out var property))
            {
                wrong(at, $"is no setting; allowed here: {string.Join(", ", settings.Keys.Concat(others.ToArray()).Select(Spelled).Order(StringComparer.Ordinal))}");
            }
            else if (TryRead(child, at, property, copy, out var value))
            {
                property.SetValue(copy, value);
            }
        }

        return copy;
    }

    private bool TryRead(IConfigurationSection section, string path, PropertyInfo property, object owner, out object? value)
    {
        var type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        var children = section.GetChildren().ToList();
        value = null;
        if (type == typeof(ImmutableArray<string>))
        {
            value = children.Select(static c => c.Value ?? "").ToImmutableArray();
            return (section.Value is null or "" || Wrong(path, section.Value, "a list of texts"))
                && children.Select((child, i) => IsElement(child, i, path)).ToList().TrueForAll(static good => good);
        }

        if (type == typeof(ImmutableDictionary<string, string>))
        {
            // A name may hold what separates sections: it is all that stands below.
            value = section.AsEnumerable(makePathsRelative: true)
                .Where(static pair => pair is { Key.Length: > 0, Value: not null })
                .ToImmutableDictionary(static pair => pair.Key, static pair => pair.Value!);
            return section.Value is null or "" || Wrong(path, section.Value, "names with their values");
        }

        if (IsGroup(type))
        {
            if (section.Value is not (null or ""))
            {
                return Wrong(path, section.Value, "a group of settings");
            }

            // JSON's null; where there may be nothing, that is nothing.
            value = section.Value is null && children.Count == 0 && MayBeNull(property) ? null : Read(section, path, property.GetValue(owner) ?? Activator.CreateInstance(type)!, type);
            return true;
        }

        if (children.Count > 0)
        {
            return Wrong(path, "a group", SettingText.Allowed(type, IsBytes(property), Spelled));
        }

        if (section.Value is null or "" && MayBeNull(property))
        {
            return true;
        }

        value = SettingText.Parse(section.Value ?? "", type, IsBytes(property));
        return value is not null || Wrong(path, section.Value ?? "", SettingText.Allowed(type, IsBytes(property), Spelled));
    }

    // Keys that are no numbers come from somewhere else than a list, and a gap between numbers is an element that is missing.
    private bool IsElement(IConfigurationSection element, int place, string list) =>
        element.Key != place.ToString(CultureInfo.InvariantCulture) ? Wrong($"{list}:{element.Key}", element.Value ?? "a group", FormattableString.Invariant($"the elements of the list by their numbers, without a gap; here {place}"))
        : element.Value is not null || Wrong($"{list}:{element.Key}", element.GetChildren().Any() ? "a group" : "null", "a text");

    private bool Wrong(string path, string value, string allowed)
    {
        wrong(path, $"is '{value}'; allowed: {allowed}");
        return false;
    }

    // Loggers, clocks and pipelines are objects: they are set in code.
    private static bool IsSetting(Type type)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        return type.IsPrimitive || type.IsEnum || type == typeof(string) || type == typeof(TimeSpan)
            || type == typeof(ImmutableArray<string>) || type == typeof(ImmutableDictionary<string, string>) || IsGroup(type);
    }

    // What `with { }` does.
    private static object Copy(object options) =>
        options.GetType().GetMethod("<Clone>$")?.Invoke(options, null)
        ?? throw new InvalidOperationException($"{options.GetType().Name} is not a record");
}
