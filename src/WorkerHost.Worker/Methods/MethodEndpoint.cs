using System.Buffers;
using Google.Protobuf;
using Grpc.AspNetCore.Server.Model;
using Grpc.Core;
using WorkerHost.V1;

namespace WorkerHost.Worker;

/// <summary>
/// The methods of the user's services at the worker's own port, for whoever has their generated client and no pool: each call is the same task, with
/// the same handler, in the same lanes.
/// </summary>
internal sealed class MethodEndpoint(TaskEndpointService endpoint)
{
    private async Task<ByteString> CallAsync(string method, ByteString payload, ServerCallContext context)
    {
        var request = new RunRequest { Task = method, Payload = new Payload { ContentType = ContentType.Protobuf, Data = payload } };
        CallMetadata.CopyTo(context.RequestHeaders, request.Headers);
        var (_, end) = await endpoint.RunToItsEndAsync(request, context).ConfigureAwait(false);
        if (end.Answer is { Headers.Count: > 0 } said)
        {
            await context.WriteResponseHeadersAsync(CallMetadata.FromEntries(said.Headers)).ConfigureAwait(false);
        }

        if (end.Failure is { } failure)
        {
            // What the method chose leaves as it was; what happened to it has the details of every unary call.
            throw end.Answer is { StatusCode: not 0 } chosen
                ? new RpcException(new Status((StatusCode)chosen.StatusCode, chosen.StatusDetail), CallMetadata.FromEntries(chosen.Trailers))
                : FailureTrailers.ToException(failure, endpoint.IsLeaving, end.Answer);
        }

        foreach (var entry in CallMetadata.FromEntries(end.Answer?.Trailers))
        {
            context.ResponseTrailers.Add(entry);
        }

        return end.Data;
    }

    /// <summary>Tells Grpc.AspNetCore which methods there are.</summary>
    public sealed class Discovery(TaskTable tasks) : IServiceMethodProvider<MethodEndpoint>
    {
        private static readonly Marshaller<ByteString> Bytes = Marshallers.Create(Write, static context => UnsafeByteOperations.UnsafeWrap(context.PayloadAsNewBuffer()));

        public void OnServiceMethodDiscovery(ServiceMethodProviderContext<MethodEndpoint> context)
        {
            foreach (var method in tasks.Methods)
            {
                context.AddUnaryMethod(
                    new Method<ByteString, ByteString>(MethodType.Unary, method.ServiceName, method.Name, Bytes, Bytes),
                    [],
                    (self, payload, call) => self.CallAsync(method.FullName, payload, call));
            }
        }

        private static void Write(ByteString data, SerializationContext context)
        {
            context.SetPayloadLength(data.Length);
            context.GetBufferWriter().Write(data.Span);
            context.Complete();
        }
    }
}
