using Microsoft.Extensions.Logging.Abstractions;
using WorkerHost.Sidecar.Configuration;
using WorkerHost.Sidecar.Gateway;
using WorkerHost.Sidecar.Hosting;

namespace WorkerHost.Sidecar.Tests.Commands;

/// <summary>Two pools behind a data plane, and the file that says where it is.</summary>
public sealed class DataFixture : IAsyncLifetime
{
    private readonly string directory = Directory.CreateTempSubdirectory("workerhost-").FullName;
    private WorkerPool? images;
    private WorkerPool? pdf;
    private DataPlane? plane;
    private EndpointFile? file;

    public string File => Path.Combine(directory, "endpoint.json");

    public WorkerPool Images => images!;

    public async ValueTask InitializeAsync()
    {
        images = await WorkerPool.StartAsync(TestWorker.Command, new EmbeddedPoolOptions { Name = "images", Workers = 2 });
        pdf = await WorkerPool.StartAsync(TestWorker.Command, new EmbeddedPoolOptions { Name = "pdf", Workers = 1, Supervision = new SupervisorOptions { Spares = 0 } });
        var pools = new HostedPools([new HostedPool("images", images), new HostedPool("pdf", pdf)]);
        plane = await DataPlane.StartAsync(
            new DataSettings(),
            Path.Combine(directory, "data.sock"),
            new PoolEndpoints(pools, "host-1", TimeSpan.FromSeconds(30), TimeProvider.System, NullLogger.Instance),
            NullLoggerFactory.Instance,
            TimeProvider.System,
            CancellationToken.None);
        file = EndpointFile.Write(File, new HostEndpoints { Instance = "host-1", Pid = Environment.ProcessId, Data = plane.Addresses });
    }

    public async ValueTask DisposeAsync()
    {
        file?.Dispose();
        await plane!.DisposeAsync();
        await images!.DisposeAsync();
        await pdf!.DisposeAsync();
        Directory.Delete(directory, recursive: true);
    }
}
