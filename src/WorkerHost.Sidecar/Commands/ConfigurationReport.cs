using System.Collections.Immutable;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using WorkerHost.Hosting;
using WorkerHost.Sidecar.Configuration;

namespace WorkerHost.Sidecar.Commands;

/// <summary>A configuration on paper.</summary>
internal static class ConfigurationReport
{
    private static readonly JsonSerializerOptions Indented = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },

        // It goes to a terminal or a file, not into a page.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private static readonly JsonSerializerOptions Line = new(Indented) { WriteIndented = false };

    public static async Task TellErrorsAsync(HostConfiguration read, TextWriter to)
    {
        foreach (var error in read.Errors)
        {
            await to.WriteLineAsync($"error: {error}").ConfigureAwait(false);
        }

        await to.WriteLineAsync($"{(read.Errors.Length == 1 ? "1 error" : $"{read.Errors.Length} errors")} in the configuration{(read.File is null ? $"; there is no file: not ./{ConfigurationFile.Name} nor any other that is looked for (workerhost config check --help)" : "")}").ConfigureAwait(false);
    }

    public static string Json(HostConfiguration read) => JsonSerializer.Serialize(
        new
        {
            Valid = read.IsValid,
            read.File,
            Errors = read.Errors.Select(static error => new { Path = error.Path.Length > 0 ? error.Path : null, error.Problem, error.Source }),
        },
        Indented);

    /// <summary>Values are of their own kinds; what may be absent and is has none.</summary>
    public static string Json(HostConfiguration read, IEnumerable<EffectiveSetting> settings) => JsonSerializer.Serialize(
        new { read.File, Settings = settings.Select(setting => new { setting.Path, Value = Node(setting.Shown), Source = read.SourceOf(setting.Path) }) },
        Indented);

    /// <summary>A value as it could be written on the command line.</summary>
    public static string Text(EffectiveSetting setting) => setting.Shown switch
    {
        null => "-",
        ImmutableArray<string> list => Node(list)!.ToJsonString(Line),
        var value => SettingText.Of(value, SettingsReader.IsBytes(setting.Property), SettingsCatalog.Spelled),
    };

    private static JsonNode? Node(object? value) => value is ImmutableArray<string> list ? new JsonArray([.. list.Select(static text => JsonValue.Create(text))]) : JsonSerializer.SerializeToNode(value);
}
