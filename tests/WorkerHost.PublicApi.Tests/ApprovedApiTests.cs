using System.Reflection;
using PublicApiGenerator;

namespace WorkerHost.PublicApi.Tests;

/// <summary>
/// The public API of each package as it was approved, a text file each. A change of it is a change of a file that a
/// reader of the change sees: <c>WORKERHOST_ACCEPT_API=1</c> writes the files anew.
/// </summary>
public sealed class ApprovedApiTests
{
    private static readonly ApiGeneratorOptions Options = new()
    {
        // Generated from the .proto files, which have a guard of their own.
        DenyNamespacePrefixes = ["WorkerHost.V1"],
        IncludeAssemblyAttributes = false,
        ExcludeAttributes = ["System.Runtime.CompilerServices.AsyncIteratorStateMachineAttribute", "System.Runtime.CompilerServices.AsyncStateMachineAttribute"],
    };

    private static readonly string Folder = Path.Combine(RepositoryRoot.Path, "tests", "WorkerHost.PublicApi.Tests", "Approved");

    public static TheoryData<string> Packages() =>
    [
        .. Directory.GetFiles(Path.Combine(RepositoryRoot.Path, "src"), "WorkerHost*.csproj", SearchOption.AllDirectories)
            .Select(p => Path.GetFileNameWithoutExtension(p))
            .Where(static name => File.Exists(Path.Combine(AppContext.BaseDirectory, $"{name}.dll")))
            .Order(StringComparer.Ordinal),
    ];

    [Theory]
    [MemberData(nameof(Packages))]
    public void The_public_API_of_a_package_is_the_approved_one(string package)
    {
        var file = Path.Combine(Folder, $"{package}.txt");
        var api = Assembly.Load(package).GeneratePublicApi(Options).ReplaceLineEndings("\n").TrimEnd() + "\n";
        if (Environment.GetEnvironmentVariable("WORKERHOST_ACCEPT_API") == "1")
        {
            File.WriteAllText(file, api);
        }

        var approved = File.Exists(file) ? File.ReadAllText(file).Split('\n') : [];
        var lines = api.Split('\n');
        var gone = approved.Except(lines).Select(static l => $"- {l.Trim()}");
        var come = lines.Except(approved).Select(static l => $"+ {l.Trim()}");
        Assert.True(
            lines.SequenceEqual(approved),
            $"the public API of {package} is not the one in {Path.GetRelativePath(RepositoryRoot.Path, file)}; if that is meant, run this test once with WORKERHOST_ACCEPT_API=1 and commit the file\n{string.Join('\n', gone.Concat(come))}");
    }

    [Fact]
    public void Every_approved_file_belongs_to_a_package() =>
        Assert.Equal(Packages().Select(static p => p.Data), Directory.GetFiles(Folder, "*.txt").Select(static f => Path.GetFileNameWithoutExtension(f)).Order(StringComparer.Ordinal));
}
