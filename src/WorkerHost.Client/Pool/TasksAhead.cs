using System.Threading.Channels;

namespace WorkerHost.Client;

/// <summary>What <c>Map</c> has submitted and its consumer has not taken. One consumer, never two calls at a time.</summary>
internal abstract class TasksAhead<TResult>
{
    public static TasksAhead<TResult> Of(bool ordered) => ordered ? new InOrder() : new AsTheyEnd();

    public abstract int Count { get; }

    /// <summary>Completes when the next one has ended; null while there is none.</summary>
    public abstract Task? NextHasEnded { get; }

    public abstract void Add(TaskFuture<TResult> future);

    /// <summary>The next one, which may still run.</summary>
    public abstract ValueTask<TaskFuture<TResult>> TakeAsync();

    protected abstract IEnumerable<TaskFuture<TResult>> All { get; }

    /// <summary>Their consumer has left: nobody waits for them, and their failures are no stray ones.</summary>
    public void CancelAll()
    {
        foreach (var future in All)
        {
            future.Cancel();
            Unawaited.Observe(future.Completion);
        }
    }

    private sealed class InOrder : TasksAhead<TResult>
    {
        private readonly Queue<TaskFuture<TResult>> futures = new();

        public override int Count => futures.Count;

        public override Task? NextHasEnded => futures.TryPeek(out var oldest) ? oldest.Completion : null;

        public override void Add(TaskFuture<TResult> future) => futures.Enqueue(future);

        public override ValueTask<TaskFuture<TResult>> TakeAsync() => new(futures.Dequeue());

        protected override IEnumerable<TaskFuture<TResult>> All => futures;
    }

    private sealed class AsTheyEnd : TasksAhead<TResult>
    {
        private readonly HashSet<TaskFuture<TResult>> futures = [];
        private readonly Channel<TaskFuture<TResult>> ended = Channel.CreateUnbounded<TaskFuture<TResult>>(new UnboundedChannelOptions { SingleReader = true });
        private Task<bool>? waiting;

        public override int Count => futures.Count;

        public override Task? NextHasEnded => futures.Count == 0 ? null : waiting ??= ended.Reader.WaitToReadAsync().AsTask();

        public override void Add(TaskFuture<TResult> future)
        {
            futures.Add(future);

            // Not where the consumer came from: it may be blocked there until the next one has ended.
            future.ConfigureAwait(false).GetAwaiter().UnsafeOnCompleted(() => ended.Writer.TryWrite(future));
        }

        public override async ValueTask<TaskFuture<TResult>> TakeAsync()
        {
            // Two waiters at a time are not for a channel with a single reader.
            await NextHasEnded!.ConfigureAwait(false);
            waiting = null;
            ended.Reader.TryRead(out var next);
            futures.Remove(next!);
            return next!;
        }

        protected override IEnumerable<TaskFuture<TResult>> All => futures;
    }
}
