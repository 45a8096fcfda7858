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
[RequiresUnreferencedCode(Warning)]
internal sealed class SettingsReader(ICollection<string> errors)
{
    public const string Warning = "Options are found by reflection; give them in code where the program is trimmed.";

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
        var settings = type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Where(static p => p is { CanRead: true, CanWrite: true } && p.GetIndexParameters().Length == 0 && IsSetting(p.PropertyType))
            .ToDictionary(static p => p.Name, StringComparer.OrdinalIgnoreCase);
        foreach (var child in section.GetChildren())
        {
            var at = path.Length == 0 ? child.Key : $"{path}:{child.Key}";
            if (others.Contains(child.Key, StringComparer.OrdinalIgnoreCase))
            {
                continue;
            }

            if (!settings.TryGetValue(child.Key, out var property))
            {
                errors.Add($"{at} is no setting; allowed here: {string.Join(", ", settings.Keys.Concat(others.ToArray()).Order(StringComparer.Ordinal))}");
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
            return section.Value is null or "" || Wrong(path, section.Value, "a list of texts");
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

            // Empty is what JSON's null becomes; where there may be nothing, that is nothing.
            value = children.Count == 0 && MayBeNull(property) ? null : Read(section, path, property.GetValue(owner) ?? Activator.CreateInstance(type)!, type);
            return true;
        }

        if (children.Count > 0)
        {
            return Wrong(path, "a group", Allowed(type));
        }

        if (section.Value is null or "" && MayBeNull(property))
        {
            return true;
        }

        value = Parse(section.Value ?? "", type);
        return value is not null || Wrong(path, section.Value ?? "", Allowed(type));
    }

    private static object? Parse(string text, Type type) =>
        type == typeof(string) ? text
        : type == typeof(bool) ? bool.TryParse(text, out var b) ? b : null
        : type == typeof(int) ? int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var i) ? i : null
        : type == typeof(long) ? long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var l) ? l : null
        : type == typeof(double) ? double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var d) && double.IsFinite(d) ? d : null
        : type == typeof(TimeSpan) ? Span(text)
        : type.IsEnum && !int.TryParse(text, CultureInfo.InvariantCulture, out _) && Enum.TryParse(type, text, ignoreCase: true, out var e) ? e
        : null;

    // A bare number means days to TimeSpan.Parse and seconds to nearly everybody else: it is not taken at all.
    private static object? Span(string text) =>
        text.Contains(':', StringComparison.Ordinal) && TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var span) ? span : null;

    private static string Allowed(Type type) =>
        type == typeof(bool) ? "true or false"
        : type == typeof(int) ? "a whole number of at most 32 bits"
        : type == typeof(long) ? "a whole number of at most 64 bits"
        : type == typeof(double) ? "a number"
        : type == typeof(TimeSpan) ? "a time as [days.]hours:minutes:seconds[.fraction], 00:00:30 for 30 seconds"
        : type.IsEnum ? string.Join(", ", Enum.GetNames(type))
        : "a text";

    private bool Wrong(string path, string value, string allowed)
    {
        errors.Add($"{path} is '{value}'; allowed: {allowed}");
        return false;
    }

    // Loggers, clocks and pipelines are objects: they are set in code.
    private static bool IsSetting(Type type)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        return type.IsPrimitive || type.IsEnum || type == typeof(string) || type == typeof(TimeSpan)
            || type == typeof(ImmutableArray<string>) || type == typeof(ImmutableDictionary<string, string>) || IsGroup(type);
    }

    private static bool IsGroup(Type type) =>
        type is { IsClass: true, IsAbstract: false } && type.Assembly.GetName().Name!.StartsWith(nameof(WorkerHost), StringComparison.Ordinal);

    private static bool MayBeNull(PropertyInfo property) =>
        Nullable.GetUnderlyingType(property.PropertyType) is not null
        || (!property.PropertyType.IsValueType && new NullabilityInfoContext().Create(property).WriteState == NullabilityState.Nullable);

    // What `with { }` does.
    private static object Copy(object options) =>
        options.GetType().GetMethod("<Clone>$")?.Invoke(options, null)
        ?? throw new InvalidOperationException($"{options.GetType().Name} is not a record");
}
