using Google.Protobuf;
using WorkerHost.Client;
using WorkerHost.Worker;

namespace WorkerHost.Sidecar.Gateway;

/// <summary>
/// The items of one task between the pool, which bounds how far its worker is ahead, and the client, which says how many it takes: an item leaves the
/// host when there is room at the client's. Owned by its task, which ends after the last of them.
/// </summary>
internal sealed class HostedItems
{
    // As far as a stream of the pool's own is ahead of its consumer.
    private const int Ahead = WorkerPool.DefaultStreamBuffer;

    private readonly CancellationTokenSource unwanted = new();
    private readonly HostedTask task;
    private readonly TaskRun run;

    public HostedItems(HostedTask task, TaskRun run, int maxItemBytes)
    {
        this.task = task;
        this.run = run;
        Buffer = new ItemBuffer(Ahead, maxItemBytes)
        {
            GiveBack = task.GiveRoom,
            TooLong = () => task.Cancel(StopCause.Caller),
        };
    }

    public ItemBuffer Buffer { get; }

    /// <summary>Nobody takes them any more.</summary>
    public void Abandon() => unwanted.Cancel();

    /// <summary>Ends when every item was handed on, or nobody wants them; never fails.</summary>
    public async Task CarryAsync()
    {
        try
        {
            while (await Buffer.WaitAsync(unwanted.Token).ConfigureAwait(false))
            {
                while (Buffer.TryTake(out var item))
                {
                    await run.Output!.RoomAsync().WaitAsync(unwanted.Token).ConfigureAwait(false);
                    run.Began();
                    run.Output.Add(UnsafeByteOperations.UnsafeWrap(item.Data), item.ContentType);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The task is being stopped: its end is told, and what it had yielded is not.
        }

        task.ItemsEnded();
    }
}
