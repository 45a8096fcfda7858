using Microsoft.Extensions.Time.Testing;
using Polly;
using Polly.Registry;

namespace WorkerHost.Client.Tests;

/// <summary>The pool's inside without its transport: dispatcher, loop, retries and futures, on a clock that stands.</summary>
internal sealed class LoopRig : IAsyncDisposable
{
    private readonly List<FakeConnection> connections = [];
    private readonly int attempts;
    private ulong lastNumber;

    public LoopRig(DispatcherOptions? options = null, RetryOptions? retry = null, ResiliencePipeline? pipeline = null, int attempts = 3, TimeProvider? time = null, ResiliencePipelineProvider<string>? pipelines = null, Microsoft.Extensions.Logging.ILogger? logger = null)
    {
        this.attempts = attempts;
        Retries = new RetryOwner(retry ?? new RetryOptions(), pipeline, pipelines, time ?? Time, logger ?? Log);
        Loop = new DispatchLoop(options ?? new DispatcherOptions(), time ?? Time, Retries, BackChannel, logger ?? Log);
        Identity = new PoolIdentity("test", "test-00000000", logger ?? Log);
    }

    public FakeTimeProvider Time { get; } = new();

    public TestLog Log { get; } = new();

    public FakeBackChannel BackChannel { get; } = new();

    public RetryOwner Retries { get; }

    public DispatchLoop Loop { get; }

    public PoolIdentity Identity { get; }

    public FakeConnection Connect(int slot = 0, int concurrency = 1, bool supervised = true, long incarnation = 1, Func<TaskEntry, AttemptOutcome>? answer = null)
    {
        var worker = new WorkerEndpoint(new WorkerId("test", slot, incarnation), new Uri("unix:///nowhere"), 4711, null, concurrency);
        var connection = new FakeConnection(Loop, new EndpointState(worker, (ulong)(1000 + incarnation), concurrency, supervised, prefetches: true), answer);
        lock (connections)
        {
            connections.Add(connection);
        }

        Loop.EndpointOpened(connection.State);
        return connection;
    }

    public TaskFuture<int> Submit(string name = "work", TaskOptions? options = null, int? maxAttempts = null) => Submit(JsonResult<int>.Reader, name, options, maxAttempts);

    public TaskFuture<T> Submit<T>(IResultReader<T> reader, string name = "work", TaskOptions? options = null, int? maxAttempts = null)
    {
        var (entry, future) = Make(reader, name, options, maxAttempts);
        var pipeline = Retries.PipelineOf(entry.Options);
        Assert.Null(Loop.Submit(entry, held: pipeline is not null));
        if (pipeline is not null)
        {
            Retries.Begin(Loop, entry, future, pipeline);
        }

        return future;
    }

    public (TaskEntry Entry, TaskFuture<T> Future) Make<T>(IResultReader<T> reader, string name = "work", TaskOptions? options = null, int? maxAttempts = null, CallerShare? share = null)
    {
        var entry = new TaskEntry(Interlocked.Increment(ref lastNumber), name, options ?? TaskOptions.Default, new byte[8], ContentType.Json, maxAttempts ?? attempts) { Share = share };
        return (entry, new TaskFuture<T>(Loop, entry, reader, Identity));
    }

    public (TaskEntry Entry, TaskFuture<int> Future) Make(TaskOptions? options = null, CallerShare? share = null) => Make(JsonResult<int>.Reader, options: options, share: share);

    /// <summary>Lets time pass until the fact is there: delays begin on threads of their own, at a time nobody knows.</summary>
    public async Task<T> PassTimeUntil<T>(Task<T> fact)
    {
        while (!fact.IsCompleted)
        {
            Time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        return await fact;
    }

    public async ValueTask DisposeAsync()
    {
        await Retries.DisposeAsync();
        foreach (var connection in connections)
        {
            await connection.DisposeAsync();
        }

        Loop.Dispose();
        Log.AssertNoErrors();
    }
}
