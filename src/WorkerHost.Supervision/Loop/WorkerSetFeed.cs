using System.Threading.Channels;

namespace WorkerHost.Supervision;

/// <summary>
/// Gives every subscriber every set, in order. Queues are unbounded: a set is small, and a subscriber that missed one
/// would miss a death.
/// </summary>
internal sealed class WorkerSetFeed
{
    private readonly Lock gate = new();
    private readonly List<ChannelWriter<WorkerSet>> subscribers = [];
    private bool completed;

    public WorkerSet Current { get; private set; } = WorkerSet.Empty;

    public ChannelReader<WorkerSet> Subscribe()
    {
        var channel = Channel.CreateUnbounded<WorkerSet>(new UnboundedChannelOptions { SingleWriter = true });
        lock (gate)
        {
            // The deaths in it were told to those who were there; a newcomer has lost nothing by them.
            channel.Writer.TryWrite(Current with { Deaths = [] });
            if (completed)
            {
                channel.Writer.TryComplete();
            }
            else
            {
                subscribers.Add(channel.Writer);
            }
        }

        return channel.Reader;
    }

    public void Publish(WorkerSet set)
    {
        // Writers complete their readers asynchronously (the channels' default), so no subscriber runs under the lock.
        lock (gate)
        {
            Current = set;
            foreach (var subscriber in subscribers)
            {
                subscriber.TryWrite(set);
            }
        }
    }

    public void Complete(Exception? error = null)
    {
        lock (gate)
        {
            completed = true;
            foreach (var subscriber in subscribers)
            {
                subscriber.TryComplete(error);
            }

            subscribers.Clear();
        }
    }
}
