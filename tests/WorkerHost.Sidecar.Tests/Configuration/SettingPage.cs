using System.Reflection;
using System.Text;
using WorkerHost.Hosting;
using WorkerHost.Sidecar.Configuration;

namespace WorkerHost.Sidecar.Tests.Configuration;

/// <summary>The tables of all settings on their page, from the records that hold them.</summary>
internal static class SettingPage
{
    public static string Tables()
    {
        var text = new StringBuilder();
        Group(text, "At the top", "", typeof(HostSettings), new HostSettings());
        Group(text, "`pools:NAME`", "pools:NAME:", typeof(EmbeddedPoolOptions), new EmbeddedPoolOptions());
        Group(text, "`pools:NAME:command`", "pools:NAME:command:", typeof(WorkerCommand), new WorkerCommand { FileName = "" });
        return text.ToString();
    }

    private static void Group(StringBuilder text, string title, string path, Type type, object defaults)
    {
        var settings = SettingsCatalog.SettingsOf(type).ToArray();
        text.Append($"\n### {title}\n\n{Cell(Documented.Of(type))}\n\n");
        var groups = settings.Where(static p => SettingsCatalog.KindOf(p.PropertyType) == SettingKind.Group).ToArray();
        if (settings.Length > groups.Length)
        {
            text.Append("| key | value | default | meaning |\n|---|---|---|---|\n");
        }

        foreach (var property in settings.Except(groups))
        {
            var standard = SettingSchema.Default(property, property.GetValue(defaults));
            text.Append($"| `{SettingsCatalog.Spelled(property.Name)}` | {Kind(property)} | {(standard is null ? "" : $"`{standard.ToString()}`")} | {Cell(Documented.Of(property))} |\n");
        }

        foreach (var property in groups)
        {
            var name = path + SettingsCatalog.Spelled(property.Name);
            Group(text, $"`{name}`", name + SettingValues.Separator, property.PropertyType, property.GetValue(defaults) ?? Activator.CreateInstance(property.PropertyType)!);
        }
    }

    private static string Kind(PropertyInfo property)
    {
        var type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        return SettingsCatalog.KindOf(type) switch
        {
            SettingKind.List => "list of texts",
            SettingKind.Names => "texts by name",
            _ when type == typeof(bool) => "true or false",
            _ when SettingsReader.IsBytes(property) => "size",
            _ when type == typeof(int) || type == typeof(long) => "whole number",
            _ when type == typeof(double) => "number",
            _ when type == typeof(TimeSpan) => "time",
            _ when type.IsEnum => string.Join(", ", Enum.GetNames(type).Select(static name => $"`{SettingsCatalog.Spelled(name)}`")),
            _ => "text",
        };
    }

    private static string Cell(string text) => text.Replace("|", "\\|", StringComparison.Ordinal);
}
