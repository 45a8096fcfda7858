using System.Reflection;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace WorkerHost.Contracts.Tests;

/// <summary>The contract as it is compiled into the library, and as it was last committed.</summary>
internal static class ContractFiles
{
    /// <summary>Set to 1 to write the committed set anew.</summary>
    public const string AcceptVariable = "WORKERHOST_ACCEPT_CONTRACT";

    public const string AcceptCommand = $"{AcceptVariable}=1 bash tests/run ContractTests";

    public static string CommittedPath { get; } = Path.Combine(RepositoryRoot.Path, "protos", "workerhost.v1.binpb");

    public static IReadOnlyList<FileDescriptor> Compiled { get; } =
    [
        .. typeof(LaunchLine).Assembly.GetTypes()
            .Where(t => t.Name.EndsWith("Reflection", StringComparison.Ordinal))
            .Select(t => t.GetProperty("Descriptor", BindingFlags.Public | BindingFlags.Static)?.GetValue(null))
            .OfType<FileDescriptor>()
            .OrderBy(f => f.Name, StringComparer.Ordinal),
    ];

    public static FileDescriptorSet CompiledSet()
    {
        var set = new FileDescriptorSet();
        foreach (var file in Compiled)
        {
            AddWithDependencies(set, file);
        }

        return set;
    }

    public static FileDescriptorSet CommittedSet() =>
        File.Exists(CommittedPath) ? FileDescriptorSet.Parser.ParseFrom(File.ReadAllBytes(CommittedPath)) : new FileDescriptorSet();

    public static void Accept() => File.WriteAllBytes(CommittedPath, CompiledSet().ToByteArray());

    // As protoc's --descriptor_set_out with --include_imports writes them: what a file needs stands before it.
    private static void AddWithDependencies(FileDescriptorSet set, FileDescriptor file)
    {
        foreach (var dependency in file.Dependencies)
        {
            AddWithDependencies(set, dependency);
        }

        if (set.File.All(f => f.Name != file.Name))
        {
            set.File.Add(FileDescriptorProto.Parser.ParseFrom(file.SerializedData));
        }
    }
}
