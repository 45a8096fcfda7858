namespace WorkerHost.Sidecar.Configuration;

/// <summary>
/// The configuration file: JSON with comments and trailing commas. Each value is kept with the line it stands in, which
/// the parsers of the framework forget.
/// </summary>
internal static class ConfigurationFile
{
    public const string Name = "workerhost.json";

    /// <summary>Names the file where the command line does not.</summary>
    public const string Variable = "WORKERHOST_CONFIG";

    /// <summary>
    /// The file that counts: the one that was named, by the command line or else by <see cref="Variable"/>, whether it is there or not;
    /// else the first that is there of ./workerhost.json, workerhost/workerhost.json in the user's directory of configurations, and
    /// /etc/workerhost/workerhost.json. Null: there is none.
    /// </summary>
    public static string? Find(SettingInput input)
    {
        if ((input.File ?? input.Variable(Variable)) is { } named)
        {
            return named;
        }

        var home = input.Variable("XDG_CONFIG_HOME") ?? (input.Variable("HOME") is { } user ? Path.Combine(user, ".config") : null);
        string?[] usual = [Name, home is null ? null : Path.Combine(home, "workerhost", Name), Path.Combine("/etc/workerhost", Name)];
        return usual.FirstOrDefault(path => path is not null && File.Exists(Path.Combine(input.Directory, path)));
    }

    /// <summary>Adds what stands in the file to the values, and what is wrong with it as JSON to the errors.</summary>
    public static void Read(string path, string directory, SettingValues values, ICollection<SettingError> errors)
    {
        byte[] text;
        try
        {
            text = File.ReadAllBytes(Path.Combine(directory, path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            errors.Add(new SettingError("", $"the configuration file cannot be read: {e.Message}", new SettingSource(SettingOrigin.File, path)));
            return;
        }

        new JsonSettings(path, values, errors).Read(text);
    }
}
