using System.Reflection;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using WorkerHost.Hosting;
using WorkerHost.Sidecar.Configuration;

namespace WorkerHost.Sidecar.Tests.Configuration;

/// <summary>The JSON schema of the configuration file, from the records that hold the settings.</summary>
internal static class SettingSchema
{
    private static readonly JsonSerializerOptions Options = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Text()
    {
        var pool = Group(typeof(EmbeddedPoolOptions), new EmbeddedPoolOptions());
        var command = Group(typeof(WorkerCommand), new WorkerCommand { FileName = "" });
        command["required"] = new JsonArray("fileName");
        ((JsonObject)command["properties"]!["fileName"]!).Remove("default");
        ((JsonObject)pool["properties"]!).Insert(0, SettingsCatalog.Command, command);

        var host = Group(typeof(HostSettings), new HostSettings());
        var properties = (JsonObject)host["properties"]!;
        properties.Insert(0, SettingsCatalog.Schema, new JsonObject { ["description"] = "Where this schema is, for editors.", ["type"] = "string" });
        properties.Insert(1, SettingsCatalog.Pools, new JsonObject
        {
            ["description"] = Documented.Of(typeof(HostSettings).GetProperty(nameof(HostSettings.Pools))!),
            ["type"] = "object",
            ["minProperties"] = 1,
            ["propertyNames"] = new JsonObject { ["pattern"] = "^[A-Za-z0-9._-]{1,64}$" },
            ["additionalProperties"] = new JsonObject { ["$ref"] = "#/$defs/pool" },
        });
        host.Insert(0, "$schema", "https://json-schema.org/draft/2020-12/schema");
        host.Insert(1, "title", $"{ConfigurationFile.Name}, the configuration of workerhost serve");
        host["$defs"] = new JsonObject { ["pool"] = pool };
        return host.ToJsonString(Options) + "\n";
    }

    private static JsonObject Group(Type type, object defaults)
    {
        var properties = new JsonObject();
        foreach (var property in SettingsCatalog.SettingsOf(type))
        {
            properties[SettingsCatalog.Spelled(property.Name)] = Setting(property, property.GetValue(defaults));
        }

        return new JsonObject
        {
            ["description"] = Documented.Of(type),
            ["type"] = "object",
            ["additionalProperties"] = false,
            ["properties"] = properties,
        };
    }

    private static JsonObject Setting(PropertyInfo property, object? value)
    {
        var type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        var schema = SettingsCatalog.KindOf(type) switch
        {
            SettingKind.Group => Group(type, value ?? Activator.CreateInstance(type)!),
            SettingKind.List => new JsonObject { ["type"] = "array", ["items"] = new JsonObject { ["type"] = Types("string", "number", "boolean") } },
            SettingKind.Names => new JsonObject { ["type"] = "object", ["additionalProperties"] = new JsonObject { ["type"] = Types("string", "number", "boolean", "null") } },
            _ => Value(type, SettingsReader.IsBytes(property)),
        };
        if (SettingsReader.MayBeNull(property))
        {
            schema["type"] = schema["type"] is JsonArray several ? Types([.. several.Select(static one => one!.GetValue<string>()), "null"]) : Types(schema["type"]!.GetValue<string>(), "null");
        }

        if (Default(property, value) is { } standard)
        {
            schema["default"] = standard;
        }

        schema.Remove("description");
        schema.Insert(0, "description", Documented.Of(property));
        return schema;
    }

    /// <summary>The default as a file would say it; null: none, or another one on each machine.</summary>
    public static JsonNode? Default(PropertyInfo property, object? value) =>
        value is null or "" || SettingsCatalog.KindOf(property.PropertyType) != SettingKind.Value || property is { Name: nameof(SupervisorOptions.Directory), DeclaringType.Name: nameof(SupervisorOptions) } ? null
        : value is bool or double || (value is int or long && !SettingsReader.IsBytes(property)) ? JsonSerializer.SerializeToNode(value)
        : JsonValue.Create(SettingText.Of(value, SettingsReader.IsBytes(property), SettingsCatalog.Spelled));

    private static JsonObject Value(Type type, bool bytes) =>
        type == typeof(bool) ? new JsonObject { ["type"] = "boolean" }
        : (type == typeof(int) || type == typeof(long)) && bytes ? new JsonObject { ["type"] = Types("integer", "string"), ["pattern"] = "^[0-9]+ *([KkMmGg][Ii][Bb])?$" }
        : type == typeof(int) || type == typeof(long) ? new JsonObject { ["type"] = "integer" }
        : type == typeof(double) ? new JsonObject { ["type"] = "number" }
        : type == typeof(TimeSpan) ? new JsonObject { ["type"] = "string", ["pattern"] = "^([0-9]+(\\.[0-9]+)? *(ms|s|m|h|d)|([0-9]+\\.)?[0-9]+:[0-9]{1,2}(:[0-9]{1,2}(\\.[0-9]{1,7})?)?)$" }
        : type.IsEnum ? new JsonObject { ["type"] = "string", ["enum"] = new JsonArray([.. Enum.GetNames(type).Select(static name => JsonValue.Create(SettingsCatalog.Spelled(name)))]) }
        : new JsonObject { ["type"] = "string" };

    private static JsonArray Types(params IEnumerable<string> types) => new([.. types.Select(static type => JsonValue.Create(type))]);
}
