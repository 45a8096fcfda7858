namespace WorkerHost.Sidecar.Configuration;

/// <summary>The kinds of places a setting can come from; a later one wins.</summary>
internal enum SettingOrigin
{
    /// <summary>Nobody has set it.</summary>
    Default = 0,

    /// <summary>The configuration file.</summary>
    File = 1,

    /// <summary>An environment variable.</summary>
    Environment = 2,

    /// <summary>The option <c>--set</c>.</summary>
    CommandLine = 3,
}

/// <summary>Where the value of a setting comes from.</summary>
/// <param name="Origin">The kind of place.</param>
/// <param name="Name">The file, the variable or the option; null: nobody has set it.</param>
/// <param name="Line">Of the file, from 1.</param>
internal sealed record SettingSource(SettingOrigin Origin, string? Name = null, int? Line = null)
{
    public static SettingSource Default { get; } = new(SettingOrigin.Default);

    public override string ToString() => Line is { } line ? FormattableString.Invariant($"{Name}:{line}") : Name ?? "default";
}
