using System.Collections.Immutable;
using System.Threading.Channels;

namespace WorkerHost.Client.Tests;

/// <summary>A supervisor without processes: says what the test tells it to say.</summary>
internal sealed class FakeSource : IWorkerSource
{
    private readonly Channel<WorkerSet> sets = Channel.CreateUnbounded<WorkerSet>();
    private long version;

    public FakeBackChannel Back { get; } = new();

    public IWorkerBackChannel? BackChannel => Back;

    public ChannelReader<WorkerSet> Subscribe() => sets.Reader;

    public void Publish(
        ImmutableArray<WorkerEndpoint>? ready = null, ImmutableArray<WorkerId>? draining = null, ImmutableArray<WorkerDeath>? deaths = null, WorkerOutlook? outlook = null, ImmutableArray<WorkerEndpoint>? spares = null) =>
        sets.Writer.TryWrite(new WorkerSet(++version, ready ?? [], spares ?? [], draining ?? [], deaths ?? [], outlook ?? WorkerOutlook.Hopeful));

    public void Stop() => sets.Writer.TryComplete();
}
