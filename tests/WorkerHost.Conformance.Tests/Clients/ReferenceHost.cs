using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

[assembly: AssemblyFixture(typeof(WorkerHost.Conformance.Tests.ReferenceHost))]

namespace WorkerHost.Conformance.Tests;

/// <summary>The built <c>workerhost</c> over the .NET worker, with a pool for each client; and what stands beside it for clients to meet. Begun when the first asks.</summary>
public sealed class ReferenceHost : IAsyncLifetime
{
    private const string Token = "a-token-of-the-conformance-suite";

    private readonly Lazy<Task<JsonObject>> places;
    private DirectoryInfo? directory;
    private Process? process;
    private StrangeEndpoint? newer;
    private StrangeEndpoint? talkative;

    public ReferenceHost() => places = new Lazy<Task<JsonObject>>(StartAsync);

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        if (!places.IsValueCreated)
        {
            return;
        }

        await ((Task)places.Value).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await (newer?.DisposeAsync() ?? ValueTask.CompletedTask);
        await (talkative?.DisposeAsync() ?? ValueTask.CompletedTask);
        if (process is { HasExited: false })
        {
            RunsFiles.Signal(process.Id, "TERM");
            await process.WaitForExitAsync().WaitAsync(Eventually.Patience);
        }

        process?.Dispose();
        directory?.Delete(recursive: true);
    }

    /// <summary>What a runner is given: where to find what, with the client's own pool.</summary>
    internal async Task<JsonObject> TargetsAsync(string client)
    {
        var targets = (JsonObject)(await places.Value).DeepClone();
        foreach (var (name, target) in targets)
        {
            if (name is not ("no-pool" or "nobody" or "newer"))
            {
                target!["pool"] = client;
            }
        }

        return targets;
    }

    private async Task<JsonObject> StartAsync()
    {
        directory = Directory.CreateTempSubdirectory("wh-host-");
        string At(string name) => Path.Combine(directory.FullName, name);
        await File.WriteAllTextAsync(At("token"), Token);
        File.SetUnixFileMode(At("token"), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        var worker = await Prepared.CommandAsync(Suite.Worker("dotnet").Command, [], []);
        var pool = new
        {
            command = new { fileName = worker.FileName },
            workers = 1,
            maxMessageBytes = "8MiB",
            admitByDeadline = false,
            cancelGrace = "1s",
            expiredCancelGrace = "1s",
            terminateGrace = "300ms",
            expiredTerminateGrace = "300ms",
            retry = new { minDelay = "1ms", maxDelay = "10ms" },
            supervision = new { spares = 0, restart = new { intensity = 100_000, minBackoff = "1ms", maxBackoff = "20ms" } },
        };
        await File.WriteAllTextAsync(At("workerhost.json"), JsonSerializer.Serialize(new
        {
            pools = Suite.Clients.ToDictionary(static c => c.Name, _ => pool),
            data = new { socket = At("data.sock"), tcp = "127.0.0.1:0", tokenFile = At("token") },
            admin = new { socket = At("admin.sock") },
            log = new { level = "warning" },
        }));
        var tcp = await ServeAsync(At);
        var host = $"unix://{At("data.sock")}";
        newer = await StrangeEndpoint.StartAsync(new NewerEndpoint(), At("newer.sock"));
        talkative = await StrangeEndpoint.StartAsync(new TalkativeEndpoint(At("data.sock")), At("talkative.sock"));
        var odd = directory.CreateSubdirectory("a b%41 ü#?");
        File.CreateSymbolicLink(Path.Combine(odd.FullName, "s"), At("data.sock"));
        return new JsonObject
        {
            ["host"] = Target(host),
            ["odd-path"] = Target($"unix://{odd.FullName}/s"),
            ["tcp"] = Target(tcp, Token),
            ["bad-token"] = Target(tcp, "another-token-than-the-one-of-the-host"),
            ["no-pool"] = new JsonObject { ["address"] = host, ["pool"] = "nowhere" },
            ["newer"] = Target(newer.Address),
            ["talkative"] = Target(talkative.Address),
            ["nobody"] = Target($"unix://{At("nobody.sock")}"),
        };
    }

    /// <returns>The address over TCP.</returns>
    private async Task<string> ServeAsync(Func<string, string> at)
    {
        var configuration = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;
        var program = Path.Combine(RepositoryRoot.Path, "src", "WorkerHost.Sidecar", "bin", configuration, "net10.0", "WorkerHost.Sidecar");
        process = Process.Start(program, [
            "serve", "--config", at("workerhost.json"), "--endpoint-file", at("endpoint.json"),
            "--exit-with-pid", Environment.ProcessId.ToString(CultureInfo.InvariantCulture),
        ]);
        await Eventually.IsTrue(() => File.Exists(at("endpoint.json")) || process.HasExited, "the host listens");
        Assert.False(process.HasExited, "the host ended at its start");
        var endpoints = JsonNode.Parse(await File.ReadAllTextAsync(at("endpoint.json")))!;
        return ((JsonArray)endpoints["data"]!).Select(static a => a!.GetValue<string>()).Single(static a => a.StartsWith("http://", StringComparison.Ordinal));
    }

    private static JsonObject Target(string address, string? token = null)
    {
        var target = new JsonObject { ["address"] = address };
        if (token is not null)
        {
            target["token"] = token;
        }

        return target;
    }
}
