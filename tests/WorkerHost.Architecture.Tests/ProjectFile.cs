using System.Xml.Linq;

namespace WorkerHost.Architecture.Tests;

/// <summary>What a project says of itself in its file; nothing is evaluated.</summary>
internal sealed record ProjectFile(string Name, string Folder, string AssemblyName, bool IsPacked, IReadOnlyList<string> Projects, IReadOnlyList<string> Packages)
{
    /// <summary>The libraries and programs that are shipped: direct children of <c>src</c>.</summary>
    public static IReadOnlyList<ProjectFile> Product { get; } = [.. Under("src", "*/*.csproj")];

    /// <summary>Samples and test projects.</summary>
    public static IReadOnlyList<ProjectFile> Others { get; } = [.. Under("src/samples", "*/*.csproj"), .. Under("tests", "*/*.csproj")];

    private static IEnumerable<ProjectFile> Under(string folder, string pattern)
    {
        var root = Path.Combine(RepositoryRoot.Path, folder);
        return !Directory.Exists(root)
            ? []
            : Directory.EnumerateDirectories(root)
                .SelectMany(d => Directory.EnumerateFiles(d, Path.GetFileName(pattern)))
                .Order(StringComparer.Ordinal)
                .Select(Read);
    }

    private static ProjectFile Read(string path)
    {
        var name = Path.GetFileNameWithoutExtension(path);
        var xml = XDocument.Load(path);
        return new ProjectFile(
            name,
            Path.GetDirectoryName(path)!,
            xml.Descendants("AssemblyName").FirstOrDefault()?.Value ?? name,
            xml.Descendants("IsPackable").FirstOrDefault()?.Value != "false",
            [.. xml.Descendants("ProjectReference").Select(r => Path.GetFileNameWithoutExtension(r.Attribute("Include")!.Value.Replace('\\', '/')))],
            [.. xml.Descendants("PackageReference").Select(r => r.Attribute("Include")!.Value)]);
    }
}
