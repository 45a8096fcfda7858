using Grpc.Core;

namespace WorkerHost.Client;

/// <summary>
/// The connection for the streaming calls of one endpoint, made for the first of them: a session must not wait behind their bytes. When the
/// session has ended it stays until the last call was read to its end. Thread-safe.
/// </summary>
internal sealed class CallChannel(Func<EndpointChannel> make) : IDisposable
{
    private readonly Lock gate = new();
    private EndpointChannel? channel;
    private int calls;
    private bool closed;

    /// <summary>Null: the endpoint is gone.</summary>
    public CallInvoker? Enter()
    {
        lock (gate)
        {
            if (closed)
            {
                return null;
            }

            calls++;
            return (channel ??= make()).Invoker;
        }
    }

    /// <summary>A call has ended.</summary>
    public void Leave()
    {
        lock (gate)
        {
            calls--;
        }

        DisposeIfDone();
    }

    /// <summary>No call comes any more.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            closed = true;
        }

        DisposeIfDone();
    }

    private void DisposeIfDone()
    {
        EndpointChannel? done = null;
        lock (gate)
        {
            if (closed && calls == 0)
            {
                (done, channel) = (channel, null);
            }
        }

        done?.Dispose();
    }
}
