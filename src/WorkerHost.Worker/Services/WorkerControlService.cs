using System.Diagnostics;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using WorkerHost.V1;

namespace WorkerHost.Worker;

/// <summary>What the supervisor, and nobody else, may ask of its worker.</summary>
internal sealed class WorkerControlService(WorkerCore core, SupervisorPolicy supervisor) : WorkerControl.WorkerControlBase
{
    private static readonly TimeSpan ShortestInterval = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan LongestInterval = TimeSpan.FromHours(1);

    public override Task<HelloResponse> Hello(HelloRequest request, ServerCallContext context)
    {
        supervisor.Require(context);
        if (request.MinProtocol > ProtocolLimits.MaxVersion || request.MaxProtocol < ProtocolLimits.MinVersion)
        {
            throw new RpcException(new Status(
                StatusCode.FailedPrecondition,
                $"no common protocol version: the supervisor speaks {request.MinProtocol} to {request.MaxProtocol}, worker {core.Worker} speaks {ProtocolLimits.MinVersion} to {ProtocolLimits.MaxVersion}"));
        }

        return Task.FromResult(new HelloResponse
        {
            Protocol = ProtocolLimits.MaxVersion,
            Worker = core.WorkerName,
            Pid = Environment.ProcessId,
            Capabilities = { core.Capabilities },
            Runtime = $"dotnet/{Environment.Version} workerhost/{typeof(WorkerApplication).Assembly.GetName().Version?.ToString(3)}",
        });
    }

    public override async Task Heartbeat(HeartbeatRequest request, IServerStreamWriter<HeartbeatResponse> responseStream, ServerCallContext context)
    {
        supervisor.Require(context);
        using var timer = new PeriodicTimer(Interval(request), core.Time);
        try
        {
            for (ulong beat = 1; ; beat++)
            {
                await responseStream.WriteAsync(
                    new HeartbeatResponse
                    {
                        Beat = beat,
                        At = Timestamp.FromDateTimeOffset(core.Time.GetUtcNow()),
                        Running = (uint)core.Running().Count,
                        Waiting = (uint)core.Queue.Waiting,
                        Finished = (ulong)core.FinishedTasks,
                        ResidentBytes = (ulong)Environment.WorkingSet,
                    },
                    context.CancellationToken).ConfigureAwait(false);
                await timer.WaitForNextTickAsync(context.CancellationToken).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is not RpcException && context.CancellationToken.IsCancellationRequested)
        {
            throw new RpcException(new Status(StatusCode.Cancelled, "the supervisor hung up", e));
        }
    }

    public override async Task<DrainResponse> Drain(DrainRequest request, ServerCallContext context)
    {
        supervisor.Require(context);
        core.Drain();
        try
        {
            await core.Empty.WaitAsync(context.CancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException e)
        {
            throw new RpcException(new Status(StatusCode.DeadlineExceeded, $"{core.Running().Count} tasks still ran", e));
        }

        return new DrainResponse { Finished = (ulong)core.FinishedTasks };
    }

    public override Task<DiagnoseResponse> Diagnose(DiagnoseRequest request, ServerCallContext context)
    {
        supervisor.Require(context);
        using var process = Process.GetCurrentProcess();
        return Task.FromResult(new DiagnoseResponse
        {
            Running =
            {
                core.Running().Select(run => new RunningTask
                {
                    Id = run.Id,
                    Task = run.Task,
                    Attempt = (uint)run.Attempt,
                    RunningFor = Duration.FromTimeSpan(core.Time.GetElapsedTime(run.StartedAt)),
                }),
            },
            Waiting = (uint)core.Queue.Waiting,
            ResidentBytes = (ulong)Environment.WorkingSet,
            ManagedHeapBytes = (ulong)GC.GetTotalMemory(forceFullCollection: false),
            Threads = (uint)process.Threads.Count,
        });
    }

    private static TimeSpan Interval(HeartbeatRequest request)
    {
        if (request.Interval is not { } asked)
        {
            return TimeSpan.FromSeconds(1);
        }

        var interval = TimeSpan.FromSeconds(Math.Clamp(asked.Seconds, 0, 3600)) + TimeSpan.FromMicroseconds(Math.Clamp(asked.Nanos, 0, 999_999_999) / 1000);
        return interval < ShortestInterval ? ShortestInterval : interval > LongestInterval ? LongestInterval : interval;
    }
}
