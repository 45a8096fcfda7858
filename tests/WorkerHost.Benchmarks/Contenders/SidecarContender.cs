using System.Diagnostics;
using System.Text.Json;

namespace WorkerHost.Benchmarks;

/// <summary>The same pool behind a host: <c>workerhost serve</c> in a process of its own, and here a pool over its socket.</summary>
internal sealed class SidecarContender : DotnetContender
{
    private readonly Process host;
    private readonly string directory;
    private readonly WorkerPool pool;

    private SidecarContender(Process host, string directory, WorkerPool pool)
    {
        this.host = host;
        this.directory = directory;
        this.pool = pool;
    }

    public override string Name => "sidecar";

    public override string RateName => "sidecar.echo8.tasks_per_s";

    public override string RateUnit => "tasks/s";

    protected override IReadOnlyList<int> WorkerPids => [host.Id];

    public static async Task<SidecarContender> StartAsync(int workers)
    {
        var directory = Directory.CreateTempSubdirectory("workerhost-").FullName;
        var configuration = Path.Combine(directory, "workerhost.json");
        var endpoints = Path.Combine(directory, "endpoint.json");
        await File.WriteAllTextAsync(configuration, JsonSerializer.Serialize(new
        {
            pools = new { bench = new { command = new { fileName = Environment.ProcessPath }, workers } },
            log = new { level = "warning" },
        }));
        var program = Path.Combine(AppContext.BaseDirectory, "..", "..", "..", "..", "..", "src", "WorkerHost.Sidecar", "bin", Configuration, "net10.0", "WorkerHost.Sidecar");
        var host = Process.Start(new ProcessStartInfo(program, ["serve", "--config", configuration, "--endpoint-file", endpoints, "--exit-with-pid", $"{Environment.ProcessId}"]))!;
        while (!File.Exists(endpoints))
        {
            if (host.HasExited)
            {
                throw new InvalidOperationException($"the host ended with exit code {host.ExitCode}");
            }

            await Task.Delay(10);
        }

        using var found = JsonDocument.Parse(await File.ReadAllTextAsync(endpoints));
        var pool = await WorkerPool.ConnectAsync(found.RootElement.GetProperty("data")[0].GetString()!, new WorkerPoolOptions { Name = "bench" });
        return new SidecarContender(host, directory, pool);
    }

    protected override Task EchoAsync(int turn, ReadOnlyMemory<byte> data) => pool.SubmitBytes("echo", data).Task;

    public override async ValueTask DisposeAsync()
    {
        await pool.DisposeAsync();
        Process.Start("/bin/kill", ["-TERM", $"{host.Id}"]).WaitForExit();
        await host.WaitForExitAsync();
        host.Dispose();
        Directory.Delete(directory, recursive: true);
    }

    private static string Configuration => new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;
}
