using Google.Protobuf;
using Grpc.Core;
using WorkerHost.Client;
using WorkerHost.V1;
using WorkerHost.Worker;

namespace WorkerHost.Sidecar.Gateway;

/// <summary>A streaming call of somebody's, carried over a call of the pool: message for message, so that who reads slowly slows the method down.</summary>
internal static class ForeignStream
{
    // What HTTP and gRPC say for themselves; the host's own answer has its own.
    private static readonly string[] Transports = ["content-type", "date", "server", FailureStatus.DetailsKey];

    /// <exception cref="RpcException">How the method ended, where it did not end well.</exception>
    public static async Task CarryAsync(
        WorkerPool pool, RunRequest terms, CallerShare? share, IAsyncStreamReader<ByteString> requests, IServerStreamWriter<ByteString> responses, ServerCallContext context)
    {
        var slash = terms.Task.LastIndexOf('/');
        var method = MethodCall.Of(MethodType.DuplexStreaming, terms.Task[1..slash], terms.Task[(slash + 1)..]);
        var options = new CallOptions(
            CallMetadata.FromHeaders(terms.Headers), context.Deadline == DateTime.MaxValue ? null : context.Deadline, context.CancellationToken);
        var invoker = pool.CreateCallInvokerFor(
            new TaskOptions { Priority = (TaskPriority)terms.Priority, AffinityKey = terms.AffinityKey.Length == 0 ? null : Checked(terms.AffinityKey) }, share);
        using var call = invoker.AsyncDuplexStreamingCall(method, null, options);
        Unawaited.Observe(SendAsync(requests, call.RequestStream, context.CancellationToken));
        try
        {
            var headers = Theirs(await call.ResponseHeadersAsync.ConfigureAwait(false));
            if (headers.Count > 0)
            {
                await context.WriteResponseHeadersAsync(headers).ConfigureAwait(false);
            }

            while (await call.ResponseStream.MoveNext(context.CancellationToken).ConfigureAwait(false))
            {
                await responses.WriteAsync(call.ResponseStream.Current, context.CancellationToken).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is not RpcException && context.CancellationToken.IsCancellationRequested)
        {
            throw new RpcException(new Status(StatusCode.Cancelled, "the call was broken off", e));
        }

        foreach (var entry in Theirs(call.GetTrailers()))
        {
            context.ResponseTrailers.Add(entry);
        }
    }

    // Ends with the call: what could not be sent is told by how the call ends.
    private static async Task SendAsync(IAsyncStreamReader<ByteString> requests, IClientStreamWriter<ByteString> to, CancellationToken cancellationToken)
    {
        while (await requests.MoveNext(cancellationToken).ConfigureAwait(false))
        {
            await to.WriteAsync(requests.Current, cancellationToken).ConfigureAwait(false);
        }

        await to.CompleteAsync().ConfigureAwait(false);
    }

    private static string Checked(string key) => key.Length <= ProtocolLimits.MaxNameLength
        ? key
        : throw new RpcException(new Status(StatusCode.InvalidArgument, $"{CallWords.AffinityKey} has {key.Length} characters; the limit is {ProtocolLimits.MaxNameLength}"));

    private static Metadata Theirs(Metadata metadata)
    {
        var theirs = new Metadata();
        foreach (var entry in metadata)
        {
            if (!entry.Key.StartsWith("grpc-", StringComparison.Ordinal) && !Transports.Contains(entry.Key))
            {
                theirs.Add(entry);
            }
        }

        return theirs;
    }
}
