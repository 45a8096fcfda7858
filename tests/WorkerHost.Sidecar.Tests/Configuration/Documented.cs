using System.Reflection;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using WorkerHost.Sidecar.Configuration;

namespace WorkerHost.Sidecar.Tests.Configuration;

/// <summary>The documentation of settings, from the files that the compiler writes beside the assemblies, as plain text.</summary>
internal static partial class Documented
{
    private static readonly Dictionary<string, XElement> Members = Directory.EnumerateFiles(AppContext.BaseDirectory, "WorkerHost*.xml")
        .SelectMany(static file => XDocument.Load(file).Descendants("member"))
        .GroupBy(static member => member.Attribute("name")!.Value)
        .ToDictionary(static group => group.Key, static group => group.First());

    private static readonly string[] SaidElsewhere = [.. typeof(SupervisorOptions).GetProperties().Where(static p => !SettingsCatalog.Takes(p)).Select(static p => p.Name)];

    public static string Of(PropertyInfo property) => Text($"P:{property.DeclaringType!.FullName}.{property.Name}");

    public static string Of(Type type) => Text($"T:{type.FullName}");

    private static string Text(string member)
    {
        var summary = Members.TryGetValue(member, out var found) ? found.Element("summary") : null;
        Assert.True(summary is not null, $"{member} has no documentation");
        return Blanks().Replace(string.Concat(summary.Nodes().Select(Text)), " ").Trim();
    }

    private static string Text(XNode node) => node switch
    {
        XText text => text.Value,
        XElement { Name.LocalName: "c" } code => $"`{code.Value}`",
        XElement { Name.LocalName: "see" } see when see.Attribute("cref") is { } cref => $"`{Name(cref.Value)}`",
        XElement { Name.LocalName: "see" } see => $"`{see.Attribute("langword")!.Value}`",
        XElement element => string.Concat(element.Nodes().Select(Text)),
        _ => "",
    };

    // Settings and their words are spelled as in the file, with the group they are in where it has a name of its own; the rest is C#.
    private static string Name(string cref)
    {
        var parts = cref[2..].Split('(')[0].Split('.');
        return cref[0] is 'P' && Group(parts[^2]) is { } group ? (SaidElsewhere.Contains(parts[^1]) && group == "supervision:" ? "" : group) + SettingsCatalog.Spelled(parts[^1])
            : cref[0] is 'F' && parts[^2] is nameof(OutputMode) or nameof(WorkerTransport) ? SettingsCatalog.Spelled(parts[^1])
            : cref[0] is 'T' or 'F' ? parts[^1]
            : $"{parts[^2]}.{parts[^1]}";
    }

    private static string? Group(string type) => type switch
    {
        nameof(SupervisorOptions) => "supervision:",
        nameof(IsolationOptions) => "supervision:isolation:",
        nameof(LivenessOptions) => "supervision:liveness:",
        nameof(RecycleOptions) => "supervision:recycling:",
        nameof(RestartOptions) => "supervision:restart:",
        nameof(OutputOptions) => "supervision:output:",
        nameof(WorkerCommand) => "command:",
        nameof(RetryOptions) => "retry:",
        nameof(WorkerPoolOptions) or nameof(EmbeddedPoolOptions) => "",
        _ when type.EndsWith("Settings", StringComparison.Ordinal) => "",
        _ => null,
    };

    [GeneratedRegex(@"\s+")]
    private static partial Regex Blanks();
}
