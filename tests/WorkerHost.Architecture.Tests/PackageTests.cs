using System.Xml.Linq;

namespace WorkerHost.Architecture.Tests;

/// <summary>Every package has its home. A new one is named in a decision note and given a home here.</summary>
public sealed class PackageTests
{
    private const string Contracts = "WorkerHost.Contracts";
    private const string Worker = "WorkerHost.Worker";
    private const string Supervision = "WorkerHost.Supervision";
    private const string Client = "WorkerHost.Client";
    private const string Generators = "WorkerHost.Generators";
    private const string Sidecar = "WorkerHost.Sidecar";

    private static readonly Dictionary<string, string[]> Homes = new()
    {
        ["Google.Protobuf"] = [Contracts],
        ["Google.Api.CommonProtos"] = [Contracts],  // google.rpc.Status
        ["Grpc.Core.Api"] = [Contracts],            // what generated stubs need
        ["Grpc.Tools"] = [Contracts],               // makes them, at build time only
        ["Grpc.AspNetCore"] = [Worker],
        ["Grpc.Net.Client"] = [Client, Supervision],
        ["Grpc.HealthCheck"] = [Worker, Supervision],
        ["Microsoft.CodeAnalysis.CSharp"] = [Generators],  // what a source generator is written against; the compiler brings it
        ["Polly"] = [Client],
        ["Microsoft.Extensions.Logging.Abstractions"] = [Client, Supervision],
        ["Grpc.Reflection"] = [Sidecar],
        ["OpenTelemetry.Exporter.OpenTelemetryProtocol"] = [Sidecar],
        ["Spectre.Console"] = [Sidecar],
        ["System.CommandLine"] = [Sidecar],
    };

    [Fact]
    public void A_product_project_has_only_the_packages_whose_home_it_is()
    {
        foreach (var project in ProjectFile.Product)
        {
            var strangers = project.Packages.Where(p => !(Homes.TryGetValue(p, out var homes) && homes.Contains(project.Name)));
            Assert.True(!strangers.Any(), $"{project.Name} has packages without a home there: {string.Join(", ", strangers)}");
        }
    }

    [Theory]
    [InlineData("Google.Protobuf", Contracts)]
    [InlineData("Grpc.AspNetCore", Worker)]
    [InlineData("Grpc.Net.Client", Client)]
    [InlineData("Polly", Client)]
    public void A_package_that_was_asked_for_is_in_its_home(string package, string home) =>
        Assert.Contains(package, ProjectFile.Product.Single(p => p.Name == home).Packages);

    [Fact]
    public void Only_the_worker_brings_the_web_server()
    {
        // The sidecar listens too.
        var web = ProjectFile.Product
            .Where(p => File.ReadAllText(Path.Combine(p.Folder, $"{p.Name}.csproj")).Contains("Microsoft.AspNetCore.App", StringComparison.Ordinal))
            .Select(p => p.Name);
        Assert.Equal([Worker], web.Except([Sidecar]));
    }

    [Fact]
    public void Versions_stand_in_one_place_and_each_is_used()
    {
        var central = XDocument.Load(Path.Combine(RepositoryRoot.Path, "Directory.Packages.props"))
            .Descendants("PackageVersion")
            .Select(v => v.Attribute("Include")!.Value)
            .ToArray();
        Assert.Equal(central.Distinct(), central);
        var everywhere = ProjectFile.Product.Concat(ProjectFile.Others).SelectMany(p => p.Packages)
            .Concat(new[] { "src", "tests" }.SelectMany(folder => XDocument
                .Load(Path.Combine(RepositoryRoot.Path, folder, "Directory.Build.props"))
                .Descendants("PackageReference")
                .Select(r => r.Attribute("Include")!.Value)))
            .ToHashSet();
        Assert.Empty(central.Except(everywhere));
        Assert.Empty(everywhere.Except(central));
    }
}
