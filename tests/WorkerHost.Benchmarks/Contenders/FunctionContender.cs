namespace WorkerHost.Benchmarks;

/// <summary>The functions that are called.</summary>
public static class Functions
{
    public static int Next(int value) => value + 1;
}

/// <summary>The same pool, called with a function from int to int.</summary>
internal sealed class FunctionContender(WorkerPool pool, Func<IReadOnlyList<int>> workerPids) : DotnetContender
{
    public override string Name => "functions";

    public override string RateName => "functions.pool.tasks_per_s";

    public override string RateUnit => "tasks/s";

    protected override IReadOnlyList<int> WorkerPids => workerPids();

    protected override Task EchoAsync(int turn, ReadOnlyMemory<byte> data) => pool.Submit(Functions.Next, turn).Task;

    /// <summary>The pool is somebody else's.</summary>
    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
