using System.IO.Compression;
using System.Security.Cryptography;
using System.Xml.Linq;

namespace WorkerHost.Architecture.Tests;

/// <summary>What is packed can be restored, built against and run by a project that knows nothing of this tree.</summary>
public sealed class PackagingTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("wh-pack-").FullName;

    [Fact]
    [Trait("Category", "Slow")]
    public async Task A_project_outside_the_tree_restores_the_packages_and_runs_a_task()
    {
        var feed = Path.Combine(folder, "feed");
        // A version of its own: a package folder never looks twice at a version it has.
        var version = $"0.0.0-test.{RandomNumberGenerator.GetHexString(12, lowercase: true)}";
        var packable = ProjectFile.Product.Where(static p => p.IsPacked).ToArray();
        foreach (var project in packable)
        {
            await Dotnet.RunAsync(project.Folder, "pack", "-c", Dotnet.Configuration, "--no-build", "--nologo", "-o", feed, $"-p:PackageVersion={version}");
        }

        var packed = Directory.EnumerateFiles(feed, "*.nupkg").ToArray();
        Assert.Equal(packable.Length, packed.Length);
        Assert.All(packed, Check);

        var consumer = Path.Combine(folder, "consumer");
        var machinePackages = (await Dotnet.RunAsync(folder, "nuget", "locals", "global-packages", "--list")).Split(": ", 2)[1].Trim();
        ConsumerProject.Write(consumer, feed, version, machinePackages);
        await Dotnet.RunAsync(consumer, "build", "-c", "Release", "--nologo");

        // The source generator came along with the one package and was let in.
        Assert.NotEmpty(Directory.GetFiles(Path.Combine(consumer, "obj"), "WorkerHost.TaskMaps.g.cs", SearchOption.AllDirectories));
        var program = Path.Combine(consumer, "bin", "Release", "net10.0", "Consumer.dll");
        var output = await Dotnet.RunAsync(consumer, program);
        Assert.Equal(["sum 42", "elsewhere True", "pretended 42"], output.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private static void Check(string package)
    {
        using var archive = ZipFile.OpenRead(package);
        var entries = archive.Entries.Select(e => e.FullName).ToArray();
        if (entries.Any(e => e.StartsWith("tools/", StringComparison.Ordinal)))
        {
            // A command is run, and nobody builds against it.
            Assert.Contains("tools/net10.0/any/DotnetToolSettings.xml", entries);
            Assert.DoesNotContain(entries, e => e.StartsWith("lib/", StringComparison.Ordinal));
        }
        else
        {
            Assert.Contains(entries, e => e.StartsWith("lib/net10.0/", StringComparison.Ordinal) && e.EndsWith(".dll", StringComparison.Ordinal));
            Assert.Contains(entries, e => e.StartsWith("lib/net10.0/", StringComparison.Ordinal) && e.EndsWith(".xml", StringComparison.Ordinal));
        }

        Assert.Contains("README.md", entries);
        using var nuspec = archive.GetEntry(entries.Single(e => e.EndsWith(".nuspec", StringComparison.Ordinal)))!.Open();
        Assert.NotEmpty(XDocument.Load(nuspec).Descendants().Single(e => e.Name.LocalName == "description").Value);
    }
}
