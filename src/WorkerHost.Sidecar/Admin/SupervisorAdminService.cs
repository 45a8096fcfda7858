using System.Reflection;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using WorkerHost.Sidecar.Admin.Events;
using WorkerHost.Sidecar.Admin.Explanations;
using WorkerHost.Sidecar.Hosting;
using WorkerHost.V1;

namespace WorkerHost.Sidecar.Admin;

/// <summary>What operators may ask of the host; the contract is in <c>supervisor_admin.proto</c>. Thread-safe. This part only looks.</summary>
internal sealed partial class SupervisorAdminService(HostedPools pools, HostPages pages, AdminPlaneOptions options, TimeProvider time, CancellationToken stopping)
    : SupervisorAdmin.SupervisorAdminBase
{
    private static readonly string Version = typeof(SupervisorAdminService).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "";

    public override Task<ListPoolsResponse> ListPools(ListPoolsRequest request, ServerCallContext context) => Task.FromResult(new ListPoolsResponse
    {
        Pools = { pools.All.Select(static pool => AdminMessages.Of(pool)), pools.Leaving.Select(static pool => AdminMessages.Of(pool, isLeaving: true)) },
        HostInstance = options.HostInstance,
        Version = Version,
        StartedAt = Timestamp.FromDateTimeOffset(options.StartedAt),
        Ready = pages.Readiness.Ready,
    });

    public override Task<ListWorkersResponse> ListWorkers(ListWorkersRequest request, ServerCallContext context) => Task.FromResult(new ListWorkersResponse
    {
        Workers = { pools.WithLeaving(request.Pool).SelectMany(WorkersOf) },
    });

    public override Task<InspectWorkerResponse> InspectWorker(InspectWorkerRequest request, ServerCallContext context)
    {
        var worker = WorkerReference.Find(pools, request.Worker);
        var events = worker.Supervisor.Events.Kept.Where(what => what.Worker == worker.Id).ToList();
        if (worker.Status is null && events.Count == 0)
        {
            worker.Alive();
        }

        var response = new InspectWorkerResponse
        {
            Status = worker.Status is { } status ? AdminMessages.Of(status, IsLeaving(worker.Pool)) : null,
            Events = { events.Select(AdminMessages.Of) },
            Concurrency = (uint)worker.Supervisor.Options.Concurrency,
        };
        if (worker.Pool.Pool.Endpoints.FirstOrDefault(endpoint => endpoint.Worker == worker.Id) is { } endpoint)
        {
            response.Concurrency = (uint)endpoint.Concurrency;
            response.Tasks.AddRange(endpoint.Tasks.Select(AdminMessages.Of));
        }

        return Task.FromResult(response);
    }

    public override async Task Watch(WatchRequest request, IServerStreamWriter<WatchResponse> responseStream, ServerCallContext context)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, stopping);
        try
        {
            var watch = new EventWatch(pools, request);
            await foreach (var response in watch.ReadAsync(either.Token).ConfigureAwait(false))
            {
                await responseStream.WriteAsync(response, either.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The host stops: that was all.
        }
    }

    public override Task<ListQuarantinedResponse> ListQuarantined(ListQuarantinedRequest request, ServerCallContext context) => Task.FromResult(new ListQuarantinedResponse
    {
        Tasks = { Named(request.Pool).SelectMany(static hosted => hosted.Pool.Quarantined.Select(task => AdminMessages.Of(hosted.Name, task))) },
    });

    public override Task<ExplainResponse> Explain(ExplainRequest request, ServerCallContext context) => Task.FromResult(new ExplainResponse
    {
        Sentences =
        {
            request.AboutCase switch
            {
                ExplainRequest.AboutOneofCase.Worker => WorkerExplanation.Of(WorkerReference.Find(pools, request.Worker), time.GetUtcNow()),
                ExplainRequest.AboutOneofCase.Task => TaskExplanation.Of(pools.WithLeaving(request.Task.Pool), request.Task.Id, time.GetUtcNow()),
                ExplainRequest.AboutOneofCase.Readiness => ReadinessExplanation.Of(pages.Readiness, Named(request.Readiness.Pool), pools.Leaving, time.GetUtcNow()),
                _ => throw Refusals.BadInput("the request says nothing of what it is about; it can be about a worker, a task or readiness"),
            },
        },
    });

    private IEnumerable<V1.WorkerStatus> WorkersOf(HostedPool hosted)
    {
        var isLeaving = IsLeaving(hosted);
        return hosted.Pool.Workers.Select(worker => AdminMessages.Of(worker, isLeaving));
    }

    private bool IsLeaving(HostedPool hosted) => pools.Leaving.Contains(hosted);

    /// <summary>All, or the one of that name.</summary>
    private IReadOnlyList<HostedPool> Named(string pool) => pool.Length == 0 ? pools.All : [pools.Find(pool)];
}
