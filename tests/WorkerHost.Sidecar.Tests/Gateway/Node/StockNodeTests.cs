using System.Diagnostics;
using WorkerHost.Polyglot.Tests;
using WorkerHost.Samples;
using WorkerHost.Sidecar.Configuration;

namespace WorkerHost.Sidecar.Tests.Gateway;

/// <summary>@grpc/grpc-js as npm has it against a host, with the .proto files of the contract and of a user's own service, and nothing of ours on the client's side.</summary>
[Trait("Scenario", "62")]
[Trait("Category", "Slow")]
public sealed class StockNodeTests
{
    [Fact]
    public async Task The_client_of_the_page_runs_tasks_calls_methods_and_hears_of_events_and_errors_over_tcp_and_over_the_unix_socket()
    {
        var node = new DirectoryInfo(Directory.CreateTempSubdirectory("wh-node-").FullName);
        try
        {
            // Not of Debian, and from a registry: where there is none of it, this says so.
            Assert.SkipUnless(await InstalledAsync(node), "node or npm is missing, or npm cannot install @grpc/grpc-js");
            var client = Path.Combine(node.FullName, "host_client.mjs");
            File.Copy(Path.Combine(RepositoryRoot.Path, "src", "samples", "clients", "host_client.mjs"), client);
            var tokenFile = HostUnderTest.TokenFile(OpenHost.Token);
            await using var host = await HostUnderTest.StartAsync(
                new DataSettings { Tcp = "127.0.0.1:0", TokenFile = tokenFile },
                await HostUnderTest.InProcess("images", static worker =>
                {
                    worker.MapTask("add", static (int a, int b) => a + b);
                    worker.MapTask("throw", static (string message) => { throw new InvalidOperationException(message); });
                    worker.MapTask("sleep", static async (int ms, CancellationToken token) => await Task.Delay(ms, token));
                    worker.MapTask("count", static (int n) => Enumerable.Range(0, n));
                    worker.MapGrpcService<CounterService>();
                }));
            File.Delete(tokenFile);
            const string Said = """
                add: 42
                failed: UNKNOWN task "throw" threw System.InvalidOperationException: no luck
                late: DEADLINE_EXCEEDED
                cancelled: CANCELLED
                events: started 0 1 2 outcome
                words: 3
                refused: INVALID_ARGUMENT there is nothing to count

                """;
            var (protos, own) = (Path.Combine(RepositoryRoot.Path, "protos"), Path.Combine(RepositoryRoot.Path, "src", "samples", "GrpcService", "counter.proto"));

            Assert.Equal(Said, await Command.RunAsync("node", client, protos, own, $"unix:{host.SocketPath}"));
            Assert.Equal(Said, await Command.RunAsync("node", client, protos, own, new Uri(host.TcpAddress).Authority, OpenHost.Token));
        }
        finally
        {
            node.Delete(recursive: true);
        }
    }

    private static async Task<bool> InstalledAsync(DirectoryInfo folder)
    {
        await File.WriteAllTextAsync(Path.Combine(folder.FullName, "package.json"), """{ "private": true }""", TestContext.Current.CancellationToken);
        try
        {
            using var npm = Process.Start(new ProcessStartInfo("npm", ["install", "--no-audit", "--no-fund", "--ignore-scripts", "@grpc/grpc-js@1", "@grpc/proto-loader@0.8"])
            {
                WorkingDirectory = folder.FullName,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            })!;
            var (output, error) = (npm.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken), npm.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken));
            await npm.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(Eventually.Patience);
            await Task.WhenAll(output, error);
            return npm.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}
