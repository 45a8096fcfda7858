using Grpc.Core;

namespace WorkerHost.Client;

/// <summary>
/// No connection to an endpoint, and why. What gRPC and HTTP make of it on the way up speaks of an address that nobody gave.
/// </summary>
internal sealed class ConnectException(string message, Exception cause) : IOException(message, cause)
{
    /// <summary>Why an endpoint cannot be used, for people.</summary>
    public static string ReasonOf(Exception e)
    {
        for (var inner = e is RpcException rpc ? rpc.Status.DebugException : e; inner is not null; inner = inner.InnerException)
        {
            if (inner is ConnectException connect)
            {
                return connect.Message;
            }
        }

        return e is RpcException { Status: var status } ? $"{status.StatusCode}: {status.Detail}" : e.Message;
    }
}
