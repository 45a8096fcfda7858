using System.Text.Json;

namespace WorkerHost.Conformance.Tests;

/// <summary>The folder tests/conformance: all cases, and who is asked which.</summary>
internal static class Suite
{
    public static string Folder { get; } = Path.Combine(RepositoryRoot.Path, "tests", "conformance");

    public static string CasesFolder { get; } = Path.Combine(Folder, "cases");

    public static IReadOnlyList<CaseFile> Files { get; } =
        [.. Directory.EnumerateFiles(CasesFolder, "*.json").Order(StringComparer.Ordinal).Select(CaseFile.Read)];

    public static IReadOnlyList<WorkerKind> Workers { get; } = Read<WorkerKind>("workers.json");

    public static IReadOnlyList<ClientKind> Clients { get; } = Read<ClientKind>("clients.json");

    public static WorkerKind Worker(string name) => Workers.Single(w => w.Name == name);

    public static ClientKind Client(string name) => Clients.Single(c => c.Name == name);

    /// <summary>What a worker with these capabilities is asked.</summary>
    public static TheoryData<string, string> ForWorker(string name, bool slow) => For(CaseFor.Worker, Worker(name).Capabilities, slow);

    /// <summary>What a client with these capabilities is asked.</summary>
    public static TheoryData<string, string> ForClient(string name, bool slow) => For(CaseFor.Client, Client(name).Capabilities, slow);

    public static (CaseFile File, Case Case) Find(string theme, string name) => Files.Single(f => f.Theme == theme) is var file
        ? (file, file.Cases.Single(c => c.Name == name))
        : throw new InvalidOperationException();

    private static TheoryData<string, string> For(CaseFor who, IReadOnlyList<string> capabilities, bool slow)
    {
        var rows = new TheoryData<string, string>();
        foreach (var file in Files)
        {
            foreach (var one in file.Cases.Where(c => (c.For == who || c.For == CaseFor.Both) && c.Slow == slow && c.Needs.All(capabilities.Contains)))
            {
                rows.Add(file.Theme, one.Name);
            }
        }

        return rows;
    }

    private static List<T> Read<T>(string file) => JsonSerializer.Deserialize<List<T>>(File.ReadAllBytes(Path.Combine(Folder, file)), CaseFile.Strict)!;
}
