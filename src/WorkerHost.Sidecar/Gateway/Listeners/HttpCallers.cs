using System.Net;
using Microsoft.AspNetCore.Connections;

namespace WorkerHost.Sidecar.Gateway;

/// <summary>
/// Who is one caller over HTTP/1.1: all connections from one address. A connection has one request at a time there, so a flood is many connections,
/// and a share of the queue for each of them would be all of it. Thread-safe.
/// </summary>
internal sealed class HttpCallers
{
    private readonly Lock gate = new();
    private readonly Dictionary<IPAddress, Caller> callers = [];

    /// <summary>For the listener.</summary>
    public ConnectionDelegate Tell(ConnectionDelegate next) => async connection =>
    {
        var caller = Enter((connection.RemoteEndPoint as IPEndPoint)?.Address ?? IPAddress.None);
        connection.Features.Set(caller);
        try
        {
            await next(connection).ConfigureAwait(false);
        }
        finally
        {
            Leave(caller);
        }
    };

    private Caller Enter(IPAddress address)
    {
        lock (gate)
        {
            if (!callers.TryGetValue(address, out var caller))
            {
                callers.Add(address, caller = new Caller(address));
            }

            caller.Connections++;
            return caller;
        }
    }

    private void Leave(Caller caller)
    {
        lock (gate)
        {
            if (--caller.Connections == 0)
            {
                callers.Remove(caller.Address);
            }
        }
    }

    /// <summary>Known by the connections it has open.</summary>
    internal sealed class Caller(IPAddress address)
    {
        public IPAddress Address => address;

        /// <summary>Guarded by the list.</summary>
        public int Connections { get; set; }
    }
}
