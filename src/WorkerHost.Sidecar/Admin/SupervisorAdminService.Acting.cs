using Grpc.Core;
using WorkerHost.Client;
using WorkerHost.V1;

namespace WorkerHost.Sidecar.Admin;

/// <summary>This part changes something. What was begun goes on whether or not somebody waits for it.</summary>
internal sealed partial class SupervisorAdminService
{
    private static readonly TimeSpan LongestGrace = TimeSpan.FromDays(1);

    public override async Task<ScaleResponse> Scale(ScaleRequest request, ServerCallContext context)
    {
        var pool = pools.Find(request.Pool);
        var supervisor = WorkerReference.SupervisorOf(pool);
        if (request.Workers > SupervisorOptionsCheck.MostWorkers)
        {
            throw Refusals.BadInput($"pool {pool.Name} cannot have {request.Workers} workers; allowed: 0 to {SupervisorOptionsCheck.MostWorkers}");
        }

        var before = supervisor.WorkersWanted;
        await SeenThrough(supervisor.ScaleAsync((int)request.Workers, context.CancellationToken), request.Wait).ConfigureAwait(false);
        return new ScaleResponse { Pool = pool.Name, Before = (uint)before };
    }

    public override async Task<RestartResponse> Restart(RestartRequest request, ServerCallContext context)
    {
        var pool = pools.Find(request.Pool);
        await SeenThrough(WorkerReference.SupervisorOf(pool).RestartAsync(!request.AllAtOnce, context.CancellationToken), request.Wait).ConfigureAwait(false);
        return new RestartResponse { Pool = pool.Name };
    }

    public override async Task<DrainWorkerResponse> DrainWorker(DrainWorkerRequest request, ServerCallContext context)
    {
        var worker = WorkerReference.Find(pools, request.Worker);
        worker.Alive();
        await SeenThrough(worker.Supervisor.DrainAsync(worker.Id, context.CancellationToken), request.Wait).ConfigureAwait(false);
        return new DrainWorkerResponse { Worker = worker.Id.ToString(), Death = request.Wait ? DeathOf(worker) : null };
    }

    public override async Task<KillWorkerResponse> KillWorker(KillWorkerRequest request, ServerCallContext context)
    {
        var worker = WorkerReference.Find(pools, request.Worker);
        worker.Alive();
        var grace = request.Grace is { } asked ? GraceOf(asked) : worker.Supervisor.Options.TerminateGrace;
        var reason = request.Reason.Length == 0 ? "an operator asked for it" : $"an operator asked for it: {request.Reason}";
        await SeenThrough(worker.Supervisor.KillAsync(worker.Id, reason, grace, context.CancellationToken), request.Wait).ConfigureAwait(false);
        return new KillWorkerResponse { Worker = worker.Id.ToString(), Death = request.Wait ? DeathOf(worker) : null };
    }

    public override Task<PausePoolResponse> PausePool(PausePoolRequest request, ServerCallContext context)
    {
        var (name, pool) = pools.Find(request.Pool);
        var before = pool.IsPaused;
        pool.Pause();
        return Task.FromResult(new PausePoolResponse { Pool = name, WasPaused = before });
    }

    public override Task<ResumePoolResponse> ResumePool(ResumePoolRequest request, ServerCallContext context)
    {
        var (name, pool) = pools.Find(request.Pool);
        var before = pool.IsPaused;
        pool.Resume();
        return Task.FromResult(new ResumePoolResponse { Pool = name, WasPaused = before });
    }

    public override Task<ReleaseQuarantinedResponse> ReleaseQuarantined(ReleaseQuarantinedRequest request, ServerCallContext context)
    {
        var (name, pool) = pools.Find(request.Pool);
        if (request.Id.Length > 0 && pool.Release(request.Id))
        {
            return Task.FromResult(new ReleaseQuarantinedResponse { Pool = name });
        }

        var there = pool.Quarantined;
        throw Refusals.NotFound(
            $"task \"{request.Id}\" is not in quarantine in pool {name}; "
            + (there.Count == 0 ? "none is" : $"there are {string.Join(", ", there.TakeLast(20).Select(static task => task.Id))}{(there.Count > 20 ? $" and {there.Count - 20} older ones" : "")}"));
    }

    public override async Task<ReloadConfigurationResponse> ReloadConfiguration(ReloadConfigurationRequest request, ServerCallContext context)
    {
        if (options.Reload is not { } reload)
        {
            throw new RpcException(new Status(StatusCode.Unimplemented, "this host was not started from a configuration that could be read again"));
        }

        var result = await reload(context.CancellationToken).ConfigureAwait(false);
        return result.Errors is [_, ..]
            ? throw Refusals.BadInput($"the configuration is wrong and nothing was changed:{string.Concat(result.Errors.Select(static error => $"\n  {error}"))}")
            : new ReloadConfigurationResponse
            {
                Added = { result.Added },
                Removed = { result.Removed },
                Replaced = { result.Replaced },
                Unchanged = { result.Unchanged },
                NeedsRestart = { result.NeedsRestart },
                Applied = { result.Applied },
                Failed = { result.Failed },
            };
    }

    private static Task SeenThrough(Task change, bool wait)
    {
        if (wait || change.IsFaulted)
        {
            return change;
        }

        Unawaited.Observe(change);
        return Task.CompletedTask;
    }

    private static TimeSpan GraceOf(Google.Protobuf.WellKnownTypes.Duration asked) =>
        asked is { Seconds: >= 0, Nanos: >= 0 and < 1_000_000_000 } && asked.Seconds <= LongestGrace.TotalSeconds
            ? asked.ToTimeSpan()
            : throw Refusals.BadInput($"the grace is {asked.Seconds} s; allowed: 0 to {DurationText.Exact(LongestGrace)}");

    /// <summary>Null: it is no longer kept.</summary>
    private static V1.DeathReport? DeathOf(WorkerReference worker) => worker.Supervisor.Events.Kept
        .OfType<SupervisorEvent.Died>()
        .Where(died => died.Report.Worker == worker.Id)
        .Select(static died => FailureMessage.Of(died.Report))
        .LastOrDefault();
}
