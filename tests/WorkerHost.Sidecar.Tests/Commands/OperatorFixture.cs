using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using WorkerHost.Sidecar.Admin;
using WorkerHost.Sidecar.Hosting;

namespace WorkerHost.Sidecar.Tests.Commands;

/// <summary>Two pools behind an admin plane, one of them with nobody in it, and the file that says where it is.</summary>
public sealed class OperatorFixture : IAsyncLifetime
{
    private readonly string directory = Directory.CreateTempSubdirectory("workerhost-").FullName;
    private WorkerPool? images;
    private WorkerPool? pdf;
    private AdminPlane? plane;

    public string File => Path.Combine(directory, "endpoint.json");

    public string TokenFile => Path.Combine(directory, "token");

    public WorkerPool Images => images!;

    public async ValueTask InitializeAsync()
    {
        images = await WorkerPool.StartAsync(TestWorker.Command, new EmbeddedPoolOptions { Name = "images", Workers = 2, Supervision = new SupervisorOptions { Spares = 0 } });
        pdf = EmbeddedWorkerPool.Begin(new WorkerCommand { FileName = "/nowhere/at/all" }, new EmbeddedPoolOptions { Name = "pdf", Workers = 1 });
        var options = new AdminPlaneOptions
        {
            Socket = Path.Combine(directory, "admin.sock"),
            Tcp = new IPEndPoint(IPAddress.Loopback, 0),
            Token = "a-token-of-sixteen-and-more",
            HostInstance = "host-1",
            StartedAt = DateTimeOffset.UtcNow,
            Reload = static _ => Task.FromResult(new ReloadResult { Replaced = ["images"], Unchanged = ["pdf"], NeedsRestart = ["data:tcp"] }),
        };
        await System.IO.File.WriteAllTextAsync(TokenFile, options.Token);
        System.IO.File.SetUnixFileMode(TokenFile, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        plane = await AdminPlane.StartAsync(
            new HostedPools([new HostedPool("images", images), new HostedPool("pdf", pdf)]), options, TimeProvider.System, NullLoggerFactory.Instance, CancellationToken.None);
        EndpointFile.Write(File, new HostEndpoints { Instance = "host-1", Pid = Environment.ProcessId, Admin = [.. plane.Addresses] });
    }

    public async ValueTask DisposeAsync()
    {
        await plane!.DisposeAsync();
        await images!.DisposeAsync();
        await pdf!.DisposeAsync();
        Directory.Delete(directory, recursive: true);
    }
}
