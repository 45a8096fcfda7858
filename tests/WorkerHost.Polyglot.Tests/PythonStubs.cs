namespace WorkerHost.Polyglot.Tests;

/// <summary>Stubs as any Python team makes them from <c>protos/</c>, with Debian's protoc and grpcio.</summary>
public sealed class PythonStubs : IAsyncLifetime
{
    public const string Python = "/usr/bin/python3";

    private DirectoryInfo? folder;

    public static string Client { get; } = Path.Combine(RepositoryRoot.Path, "tests", "polyglot", "stock_client.py");

    public string Folder => folder!.FullName;

    public static void DemandTools()
    {
        foreach (var program in new[] { "protoc", "grpc_python_plugin" })
        {
            RequiredTool.Demand(Find(program) is not null, program);
        }

        RequiredTool.Demand(File.Exists("/usr/include/google/protobuf/duration.proto"), "protobuf's own .proto files (libprotobuf-dev)");
        RequiredTool.Demand(File.Exists(Python), Python);
        RequiredTool.Demand(Directory.Exists("/usr/lib/python3/dist-packages/grpc"), "grpcio for python3");
    }

    public async ValueTask InitializeAsync()
    {
        if (Find("protoc") is not { } protoc || Find("grpc_python_plugin") is not { } plugin)
        {
            return; // every test says so
        }

        folder = Directory.CreateTempSubdirectory("wh-stubs-");
        var protos = Path.Combine(RepositoryRoot.Path, "protos");
        var files = Directory.EnumerateFiles(Path.Combine(protos, "workerhost", "v1"), "*.proto");
        await Command.RunAsync(
            protoc, [$"-I{protos}", $"--python_out={Folder}", $"--grpc_python_out={Folder}", $"--plugin=protoc-gen-grpc_python={plugin}", .. files]);
        var own = Path.Combine(RepositoryRoot.Path, "tests", "polyglot");
        await Command.RunAsync(protoc, $"-I{own}", $"--python_out={Folder}", Path.Combine(own, "google", "rpc", "status.proto"));

        // google.protobuf is a package of the system, and google.rpc stands beside it in another folder.
        await File.WriteAllTextAsync(
            Path.Combine(Folder, "google", "__init__.py"),
            "__path__ = __import__('pkgutil').extend_path(__path__, __name__)\n",
            TestContext.Current.CancellationToken);
    }

    public ValueTask DisposeAsync()
    {
        folder?.Delete(recursive: true);
        return ValueTask.CompletedTask;
    }

    private static string? Find(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "")
        .Split(':', StringSplitOptions.RemoveEmptyEntries)
        .Select(folder => Path.Combine(folder, program))
        .FirstOrDefault(File.Exists);
}
