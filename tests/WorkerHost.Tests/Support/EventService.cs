using Google.Protobuf;
using Grpc.Core;

namespace WorkerHost.Tests;

/// <summary>An endpoint's service without sessions that tells what tasks say before their end, as another language may have it.</summary>
public sealed class EventService : RunOnlyEndpoint.Service
{
    private int written;

    /// <summary>Items that were written, or are being.</summary>
    public int Written => Volatile.Read(ref written);

    public TaskCompletionSource Left { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public override async Task RunWithEvents(V1.RunWithEventsRequest request, IServerStreamWriter<V1.RunWithEventsResponse> responseStream, ServerCallContext context)
    {
        await responseStream.WriteAsync(new V1.RunWithEventsResponse { Started = new V1.TaskStarted { Id = request.Task.Id } });
        switch (request.Task.Task)
        {
            case "three":
                for (var i = 0; i < 3; i++)
                {
                    await responseStream.WriteAsync(Item($"{i}"));
                }

                break;
            case "fail_midway":
                await responseStream.WriteAsync(Item("0"));
                throw new RpcException(new Status(StatusCode.Unknown, "told to, midway"));
            case "large":
                // 10 GB: whoever does not read holds it back.
                try
                {
                    for (var i = 0; i < 100_000; i++)
                    {
                        Interlocked.Increment(ref written);
                        await responseStream.WriteAsync(Item($"\"{new string('x', 100_000)}\""), context.CancellationToken);
                    }
                }
                catch (OperationCanceledException)
                {
                    Left.TrySetResult();
                    throw;
                }

                break;
            case "report":
                await responseStream.WriteAsync(new V1.RunWithEventsResponse { Progress = new V1.TaskReport { Fraction = 0.5, Message = "half" } });
                break;
        }

        await responseStream.WriteAsync(new V1.RunWithEventsResponse { Outcome = new V1.RunResponse { Result = new V1.Payload { Data = ByteString.CopyFromUtf8(request.CollectsItems ? "7" : "") } } });
    }

    private static V1.RunWithEventsResponse Item(string json) => new() { Item = new V1.Payload { Data = ByteString.CopyFromUtf8(json) } };
}
