using System.Collections.Immutable;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Spectre.Console;
using WorkerHost.Hosting;
using WorkerHost.Sidecar.Configuration;

namespace WorkerHost.Sidecar.Commands;

/// <summary>A configuration on paper.</summary>
internal static class ConfigurationReport
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },

        // It goes to a terminal or a file, not into a page.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private static readonly JsonSerializerOptions Line = new(Options) { WriteIndented = false };

    public static void Errors(HostConfiguration read, TextWriter to)
    {
        foreach (var error in read.Errors)
        {
            to.WriteLine($"error: {error}");
        }

        to.WriteLine($"{(read.Errors.Length == 1 ? "1 error" : $"{read.Errors.Length} errors")} in the configuration{(read.File is null ? $"; there is no file: not ./{ConfigurationFile.Name} nor any other that is looked for (workerhost config check --help)" : "")}");
    }

    public static string Json(HostConfiguration read) => JsonSerializer.Serialize(
        new
        {
            Valid = read.IsValid,
            read.File,
            Errors = read.Errors.Select(static error => new { Path = error.Path.Length > 0 ? error.Path : null, error.Problem, error.Source }),
        },
        Options);

    public static string Json(HostConfiguration read, IEnumerable<EffectiveSetting> settings) => JsonSerializer.Serialize(
        new { read.File, Settings = settings.Select(setting => new { setting.Path, Value = Node(setting.Shown), Source = read.SourceOf(setting.Path) }) },
        Options);

    /// <summary>A table on a terminal, columns elsewhere.</summary>
    public static void Table(HostConfiguration read, IEnumerable<EffectiveSetting> settings, TextWriter to)
    {
        string[][] rows = [.. settings.Select(setting => new[] { setting.Path, Text(setting), read.SourceOf(setting.Path).ToString() })];
        if (ReferenceEquals(to, Console.Out) && !Console.IsOutputRedirected)
        {
            var table = new Table().Border(TableBorder.Rounded).AddColumns("setting", "value", "from");
            foreach (var row in rows)
            {
                table.AddRow([.. row.Select(Markup.Escape)]);
            }

            AnsiConsole.Write(table);
            return;
        }

        var widths = Enumerable.Range(0, 2).Select(i => rows.Select(row => row[i].Length).DefaultIfEmpty().Max()).ToArray();
        foreach (var row in rows)
        {
            to.WriteLine($"{row[0].PadRight(widths[0])}  {row[1].PadRight(widths[1])}  {row[2]}");
        }
    }

    private static string Text(EffectiveSetting setting) => setting.Shown switch
    {
        null => "-",
        ImmutableArray<string> list => Node(list)!.ToJsonString(Line),
        var value => SettingText.Of(value, SettingsReader.IsBytes(setting.Property), SettingsCatalog.Spelled),
    };

    // Null is a value here, and would be left out.
    private static JsonNode? Node(object? value) => value is ImmutableArray<string> list ? new JsonArray([.. list.Select(static text => JsonValue.Create(text))]) : JsonSerializer.SerializeToNode(value);
}
