using Grpc.Core;
using WorkerHost.V1;

namespace WorkerHost.Supervision.Dummy;

/// <summary>The heartbeat of a worker without a ledger, which runs one task and has finished three.</summary>
internal sealed class ControlStream : WorkerControl.WorkerControlBase
{
    public static volatile bool IsSilent;

    public override async Task Heartbeat(HeartbeatRequest request, IServerStreamWriter<HeartbeatResponse> responseStream, ServerCallContext context)
    {
        for (var beat = 1UL; ; beat++)
        {
            if (!IsSilent)
            {
                await responseStream.WriteAsync(new HeartbeatResponse { Beat = beat, Running = 1, Finished = 3 });
            }

            await Task.Delay(request.Interval.ToTimeSpan(), context.CancellationToken);
        }
    }
}
