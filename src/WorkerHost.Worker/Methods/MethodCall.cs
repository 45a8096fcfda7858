using System.Buffers;
using Google.Protobuf;
using Grpc.Core;
using WorkerHost.V1;

namespace WorkerHost.Worker;

/// <summary>A call of a unary method as a task: its messages are bytes here, and what the caller sees is what the method said.</summary>
internal static class MethodCall
{
    private static readonly Marshaller<ByteString> Bytes = Marshallers.Create(Write, static context => UnsafeByteOperations.UnsafeWrap(context.PayloadAsNewBuffer()));

    /// <summary>A method whose messages pass as they are.</summary>
    public static Method<ByteString, ByteString> Of(MethodType type, string service, string name) => new(type, service, name, Bytes, Bytes);

    public static RunRequest Request(string method, ByteString payload, Metadata metadata)
    {
        var request = new RunRequest { Task = method, Payload = new Payload { ContentType = ContentType.Protobuf, Data = payload } };
        CallMetadata.CopyTo(metadata, request.Headers);
        return request;
    }

    /// <summary>Runs it to its end.</summary>
    /// <returns>The method's response.</returns>
    /// <exception cref="RpcException">What the method chose to answer, or what happened to it.</exception>
    public static async Task<ByteString> RunAsync(EndpointCore core, RunRequest request, ServerCallContext context)
    {
        var (_, end) = await TaskEndpointService.RunToItsEndAsync(core, request, context).ConfigureAwait(false);
        if (end.Answer is { Headers.Count: > 0 } said)
        {
            await context.WriteResponseHeadersAsync(CallMetadata.FromEntries(said.Headers)).ConfigureAwait(false);
        }

        if (end.Failure is { } failure)
        {
            // What the method chose leaves as it was; what happened to it has the details of every unary call.
            throw end.Answer is { StatusCode: not 0 } chosen
                ? new RpcException(new Status((StatusCode)chosen.StatusCode, chosen.StatusDetail), CallMetadata.FromEntries(chosen.Trailers))
                : FailureTrailers.ToException(failure, core.IsDraining, end.Answer);
        }

        foreach (var entry in CallMetadata.FromEntries(end.Answer?.Trailers))
        {
            context.ResponseTrailers.Add(entry);
        }

        return end.Data;
    }

    private static void Write(ByteString data, SerializationContext context)
    {
        context.SetPayloadLength(data.Length);
        context.GetBufferWriter().Write(data.Span);
        context.Complete();
    }
}
