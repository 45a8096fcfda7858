using System.Threading.Channels;

namespace WorkerHost.Client;

/// <summary>A source that knows nothing but addresses: no death is observed and no stop can be forced.</summary>
internal sealed class AddressList(string pool, IReadOnlyList<EndpointAddress> endpoints) : IWorkerSource
{
    public IWorkerBackChannel? BackChannel => null;

    public ChannelReader<WorkerSet> Subscribe()
    {
        var sets = Channel.CreateUnbounded<WorkerSet>();
        sets.Writer.TryWrite(WorkerSet.Empty with
        {
            Version = 1,
            Ready = [.. endpoints.Select((e, i) => new WorkerEndpoint(new WorkerId(pool, i, 0), e.Address, Pid: 0, e.Secret, e.Concurrency) { HostPool = e.Pool, Tls = e.Tls })],
        });
        return sets.Reader;
    }
}
