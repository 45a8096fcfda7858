using System.Collections.Immutable;
using WorkerHost.Hosting;

namespace WorkerHost.Sidecar.Configuration;

/// <summary>
/// A configuration as it was read: the file, over it the environment (<c>WORKERHOST__POOLS__IMAGES__WORKERS</c>), over that the command
/// line (<c>--set</c>). Nothing is thrown and nothing is ignored; all that is wrong is in <see cref="Errors"/>.
/// </summary>
/// <param name="Settings">Of no use where there are errors.</param>
/// <param name="Values">What was written, and where.</param>
/// <param name="File">The file that was read, or was to be read; null: none.</param>
/// <param name="Errors">In the order of paths; empty: the host can start with these settings.</param>
internal sealed record HostConfiguration(HostSettings Settings, SettingValues Values, string? File, ImmutableArray<SettingError> Errors)
{
    public bool IsValid => Errors.IsEmpty;

    /// <summary>Reads and checks. Reads files: those that the settings name are looked at, too.</summary>
    public static HostConfiguration Read(SettingInput input)
    {
        var values = new SettingValues();
        var errors = new List<SettingError>();
        var file = ConfigurationFile.Find(input);
        if (file is not null)
        {
            ConfigurationFile.Read(file, input.Directory, values, errors);
        }

        SettingOverrides.ReadEnvironment(input, values, errors);
        SettingOverrides.ReadCommandLine(input, values, errors);
        if (errors.Any(static error => error is { Path.Length: 0, Source.Origin: SettingOrigin.File }))
        {
            // What could not be read is missing: to complain of that would hide why.
            return new HostConfiguration(new HostSettings(), values, file, [.. errors]);
        }

        Groups(values, Add);
        var settings = Bind(values, Add);
        foreach (var (path, problem) in HostSettingsCheck.Find(settings))
        {
            Add(path, problem);
        }

        return new HostConfiguration(settings, values, file, [.. errors.OrderBy(static error => error.Path, StringComparer.OrdinalIgnoreCase)]);

        void Add(string path, string problem)
        {
            if (!errors.Any(e => Covers(e, path)))
            {
                errors.Add(new SettingError(path, problem, values.SourceOf(path)));
            }
        }

        // Where a value could not be read, or a value stands where a group should, that has been said; the check sees only defaults.
        bool Covers(SettingError error, string path) =>
            (string.Equals(error.Path, path, StringComparison.OrdinalIgnoreCase) && !error.LeavesValue)
            || (path.StartsWith(error.Path + SettingValues.Separator, StringComparison.OrdinalIgnoreCase) && values.Find(error.Path) is { Text: not "" });
    }

    /// <summary>Where the value that counts at a path comes from.</summary>
    public SettingSource SourceOf(string path) => Values.SourceOf(path) ?? SettingSource.Default;

    /// <summary>The groups that are no settings of a record.</summary>
    private static void Groups(SettingValues values, Action<string, string> wrong)
    {
        string[] pools = [.. values.KeysBelow(SettingsCatalog.Pools).Select(static name => SettingsCatalog.Join([SettingsCatalog.Pools, name]))];
        foreach (var path in pools.Concat(pools.Select(static pool => $"{pool}:{SettingsCatalog.Command}")).Append(SettingsCatalog.Pools))
        {
            if (values.Find(path) is { Text: not "" and var text })
            {
                wrong(path, $"is {(text is null ? "null" : $"'{text}'")}; allowed: a group of settings");
            }
        }
    }

    private static HostSettings Bind(SettingValues values, Action<string, string> wrong)
    {
        var reader = new SettingsReader(wrong) { Takes = SettingsCatalog.Takes, Spelled = SettingsCatalog.Spelled };
        var configuration = values.AsConfiguration();
        return reader.Read(configuration, new HostSettings(), SettingsCatalog.Pools, SettingsCatalog.Schema) with
        {
            Pools = [.. values.KeysBelow(SettingsCatalog.Pools).Order(StringComparer.Ordinal).Select(name => Pool(reader, configuration, name))],
        };
    }

    private static ConfiguredPool Pool(SettingsReader reader, IConfiguration configuration, string name)
    {
        var section = configuration.GetSection(SettingsCatalog.Join([SettingsCatalog.Pools, name]));
        return new ConfiguredPool(
            name,
            reader.Read(section.GetSection(SettingsCatalog.Command), new WorkerCommand { FileName = "" }),
            reader.Read(section, new EmbeddedPoolOptions { Name = name }, SettingsCatalog.Command));
    }
}
