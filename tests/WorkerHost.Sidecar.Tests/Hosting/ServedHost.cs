using System.Diagnostics;

namespace WorkerHost.Sidecar.Tests.Hosting;

/// <summary><c>workerhost serve</c> as a process of its own, with two workers behind a socket at a fixed place.</summary>
internal sealed class ServedHost : IDisposable
{
    private readonly Process process;

    private ServedHost(Process process) => this.process = process;

    public static async Task<ServedHost> StartAsync(string directory, string socket)
    {
        var configuration = System.IO.Path.Combine(directory, "workerhost.json");
        var endpoints = System.IO.Path.Combine(directory, "endpoints.json");
        File.Delete(endpoints);
        await File.WriteAllTextAsync(configuration, $$"""
            {
              "pools": { "images": { "command": { "fileName": "{{TestWorker.Path}}" }, "workers": 2 } },
              "data": { "socket": "{{socket}}" },
              "log": { "level": "warning" }
            }
            """);
        var start = new ProcessStartInfo(Path, ["serve", "--config", configuration, "--endpoint-file", endpoints]);
        var host = new ServedHost(Process.Start(start)!);
        await Eventually.IsTrue(() => File.Exists(endpoints) || host.process.HasExited, "the host listens");
        Assert.False(host.process.HasExited, "the host ended at its start");
        return host;
    }

    private static string Path { get; } = System.IO.Path.Combine(
        RepositoryRoot.Path, "src", "WorkerHost.Sidecar", "bin", new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name, "net10.0", "WorkerHost.Sidecar");

    /// <summary>SIGKILL.</summary>
    public async Task KillAsync()
    {
        process.Kill();
        await process.WaitForExitAsync();
    }

    public async Task<int> TerminateAsync()
    {
        using var signal = Process.Start("kill", ["-TERM", process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        await process.WaitForExitAsync();
        return process.ExitCode;
    }

    public void Dispose()
    {
        if (!process.HasExited)
        {
            process.Kill();
        }

        process.Dispose();
    }
}
