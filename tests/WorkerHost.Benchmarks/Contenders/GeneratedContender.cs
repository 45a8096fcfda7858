using Google.Protobuf;

namespace WorkerHost.Benchmarks;

/// <summary>The same pool, called by the client that Grpc.Tools generates, as the raw channel is.</summary>
internal sealed class GeneratedContender(WorkerPool pool, Func<IReadOnlyList<int>> workerPids) : DotnetContender
{
    private static readonly EchoMessage Small = new() { Data = UnsafeByteOperations.UnsafeWrap(Data) };

    private readonly Echo.EchoClient client = new(pool.CreateCallInvoker());

    public override string Name => "generated";

    public override string RateName => "generated.pool.calls_per_s";

    public override string RateUnit => "calls/s";

    protected override IReadOnlyList<int> WorkerPids => workerPids();

    protected override Task EchoAsync(int turn, ReadOnlyMemory<byte> data) => client.SayAsync(Small).ResponseAsync;

    /// <summary>The pool is somebody else's.</summary>
    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
