using System.Text.Json;

namespace WorkerHost.Sidecar.Configuration;

/// <summary>What the environment and the command line set over the file, one value each.</summary>
internal static class SettingOverrides
{
    /// <summary>How the names of variables begin that are settings; further double underscores are steps down.</summary>
    public const string Prefix = "WORKERHOST__";

    private const string Step = "__";

    /// <summary>Reads the variables in the order of their names, so that those of a list's elements come after that of the list.</summary>
    public static void ReadEnvironment(SettingInput input, SettingValues values, ICollection<SettingError> errors)
    {
        foreach (var (name, text) in input.Environment.Where(static pair => pair.Key.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase)))
        {
            var source = new SettingSource(SettingOrigin.Environment, name);
            var keys = name[Prefix.Length..].Split(Step);
            if (keys.Any(static key => key.Length == 0))
            {
                errors.Add(new SettingError("", $"the variable {name} names no setting; allowed: {Prefix}POOLS__IMAGES__WORKERS, two underscores between the keys", source));
                continue;
            }

            Set(values, keys, Step, text, source, errors);
        }
    }

    public static void ReadCommandLine(SettingInput input, SettingValues values, ICollection<SettingError> errors)
    {
        foreach (var argument in input.Set)
        {
            var source = new SettingSource(SettingOrigin.CommandLine, "--set");
            var end = argument.IndexOf('=', StringComparison.Ordinal);
            var path = end < 0 ? argument : argument[..end];
            var separator = path.Contains(SettingValues.Separator, StringComparison.Ordinal) ? SettingValues.Separator : '.';
            var keys = path.Split(separator);
            if (end < 0 || keys.Any(static key => key.Length == 0))
            {
                errors.Add(new SettingError("", $"'{path}' sets nothing; allowed: path=value, as pools:images:workers=8", source));
                continue;
            }

            Set(values, keys, separator.ToString(), argument[(end + 1)..], source, errors);
        }
    }

    /// <param name="values">Where the value goes.</param>
    /// <param name="keys">The path.</param>
    /// <param name="step">What stood between the keys, and belongs to a name that is all the rest of a path.</param>
    /// <param name="text">The value.</param>
    /// <param name="source">Where it stands.</param>
    /// <param name="errors">Where errors go.</param>
    private static void Set(SettingValues values, string[] keys, string step, string text, SettingSource source, ICollection<SettingError> errors)
    {
        for (var i = 1; i < keys.Length - 1; i++)
        {
            if (SettingsCatalog.Find(keys[..i]).Kind == SettingKind.Names)
            {
                keys = [.. keys[..i], string.Join(step, keys[i..])];
            }
        }

        var place = SettingsCatalog.Find(keys);
        if (place.Kind == SettingKind.List)
        {
            if (Elements(text) is { } elements)
            {
                values.SetList(place.Path, elements, source);
            }
            else
            {
                errors.Add(new SettingError(place.Path, $"is '{text}'; allowed: a list of texts as JSON, [\"--fast\"], or each element by its number, {place.Path}{SettingValues.Separator}0", source));
            }

            return;
        }

        values.Set(place.Path, new SettingValue(text, source));
    }

    private static string[]? Elements(string text)
    {
        try
        {
            return text.Length == 0 ? [] : JsonSerializer.Deserialize<string[]>(text) is { } elements && !elements.Contains(null) ? elements : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
