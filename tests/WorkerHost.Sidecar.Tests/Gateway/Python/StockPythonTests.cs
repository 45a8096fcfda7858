using System.Text.RegularExpressions;
using WorkerHost.Polyglot.Tests;
using WorkerHost.Samples;
using WorkerHost.Sidecar.Configuration;
using WorkerHost.Sidecar.Tests.Serving;

namespace WorkerHost.Sidecar.Tests.Gateway;

/// <summary>Debian's grpcio against a host, with stubs of the contract and of a user's own service, and nothing of ours on the client's side.</summary>
[Trait("Scenario", "62")]
public sealed partial class StockPythonTests(PythonStubs stubs, OpenHost open) : IClassFixture<PythonStubs>, IClassFixture<OpenHost>
{
    private static readonly string Samples = Path.Combine(RepositoryRoot.Path, "src", "samples");

    private static readonly string Client = Path.Combine(Samples, "clients", "host_client.py");

    [Fact]
    public async Task The_client_of_the_page_runs_tasks_calls_methods_and_hears_of_errors_over_tcp_and_over_the_unix_socket()
    {
        PythonStubs.DemandTools();
        await using var host = await HostUnderTest.StartAsync(
            new DataSettings { Tcp = "127.0.0.1:0", TokenFile = HostUnderTest.TokenFile(OpenHost.Token) },
            await HostUnderTest.InProcess("images", static worker =>
            {
                worker.MapTask("add", static (int a, int b) => a + b);
                worker.MapTask("throw", static (string message) => { throw new InvalidOperationException(message); });
                worker.MapTask("sleep", static async (int ms, CancellationToken token) => await Task.Delay(ms, token));
                worker.MapGrpcService<CounterService>();
            }));
        var own = Path.Combine(Samples, "GrpcService");
        await Command.RunAsync("protoc", $"-I{own}", $"--python_out={stubs.Folder}", $"--grpc_python_out={stubs.Folder}", "--plugin=protoc-gen-grpc_python=/usr/bin/grpc_python_plugin", Path.Combine(own, "counter.proto"));
        const string Said = """
            add: 42
            failed: UNKNOWN task "throw" threw System.InvalidOperationException: no luck
            late: DEADLINE_EXCEEDED
            cancelled: True
            words: 3
            refused: INVALID_ARGUMENT there is nothing to count
            after a flood: 2
            within a second: True

            """;

        Assert.Equal(Said, await Command.RunAsync(PythonStubs.Python, "-B", Client, stubs.Folder, $"unix:{host.SocketPath}"));
        Assert.Equal(Said, await Command.RunAsync(PythonStubs.Python, "-B", Client, stubs.Folder, new Uri(host.TcpAddress).Authority, OpenHost.Token));
    }

    [Fact]
    [Trait("Scenario", "9")]
    public async Task A_worker_of_the_built_host_that_is_killed_is_replaced_and_its_client_goes_on_over_tcp_and_over_the_unix_socket()
    {
        PythonStubs.DemandTools();
        var own = Path.Combine(RepositoryRoot.Path, "tests", "Shared");
        await Command.RunAsync("protoc", $"-I{own}", $"--python_out={stubs.Folder}", $"--grpc_python_out={stubs.Folder}", "--plugin=protoc-gen-grpc_python=/usr/bin/grpc_python_plugin", Path.Combine(own, "probe.proto"));
        var token = HostUnderTest.TokenFile(OpenHost.Token);
        await using var host = await RunningHost.StartAsync(new() { ["images"] = RunningHost.Pool(2) }, settings: ["data:tcp=127.0.0.1:0", $"data:tokenFile={token}"]);
        File.Delete(token);
        const string Said = """
            another worker: True
            attempts: 2
            lost: ABORTED True
            and on: 42

            """;
        var program = Path.Combine(RepositoryRoot.Path, "tests", "polyglot", "killed_worker.py");

        Assert.Equal(Said, await Command.RunAsync(PythonStubs.Python, "-B", program, stubs.Folder, $"unix:{host.Data["unix://".Length..]}", Path.Combine(host.Directory, "one")));
        Assert.Equal(Said, await Command.RunAsync(PythonStubs.Python, "-B", program, stubs.Folder, new Uri(host.DataTcp).Authority, Path.Combine(host.Directory, "two"), OpenHost.Token));
    }

    [Fact]
    public async Task Grpcio_needs_no_authority_at_the_socket_and_one_that_is_a_path_ends_as_the_page_says()
    {
        PythonStubs.DemandTools();
        const string Ask = """
            import grpc, sys
            for options in ([], [("grpc.default_authority", sys.argv[1].replace("/", "%2F"))]):
                try:
                    print(grpc.insecure_channel("unix:" + sys.argv[1], options=options).unary_unary("/grpc.health.v1.Health/Check")(b"", timeout=20))
                except grpc.RpcError as error:
                    print(error.code().name, error.details())
            """;
        var said = await Command.RunAsync(PythonStubs.Python, "-B", "-c", Ask, open.Host.SocketPath);
        const string Refused = "RST_STREAM with error code 1";

        Assert.StartsWith("b'\\x08\\x01'\nINTERNAL ", said, StringComparison.Ordinal);
        Assert.Contains(Refused, said, StringComparison.Ordinal);
        Assert.Contains(Refused, await File.ReadAllTextAsync(Page, TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_line_of_python_on_the_page_stands_in_the_client()
    {
        var client = Compact(await File.ReadAllTextAsync(Client, TestContext.Current.CancellationToken));
        var blocks = PythonBlock().Matches(await File.ReadAllTextAsync(Page, TestContext.Current.CancellationToken)).Select(static m => Compact(m.Groups[1].Value)).ToList();

        Assert.NotEmpty(blocks);
        Assert.All(blocks, block => Assert.Contains(block, client, StringComparison.Ordinal));
    }

    private static string Page => Path.Combine(RepositoryRoot.Path, "src", "docs", "sidecar-clients.md");

    private static string Compact(string code) => string.Join('\n', code.Split('\n').Select(static l => l.Trim()).Where(static l => l.Length > 0));

    [GeneratedRegex("```python\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex PythonBlock();
}
