using System.Collections.Immutable;

namespace WorkerHost.Client;

/// <summary>Pictures for people.</summary>
internal sealed partial class DispatchLoop
{
    /// <summary>Null: there is no task of this id that has not ended.</summary>
    public TaskPicture? Find(string id)
    {
        lock (gate)
        {
            return dispatcher.Find(id) is { } entry ? dispatcher.PictureOf(entry) : null;
        }
    }

    public TaskPicture PictureOf(TaskEntry entry)
    {
        lock (gate)
        {
            return dispatcher.PictureOf(entry);
        }
    }

    /// <summary>What there is of connections.</summary>
    public ImmutableArray<EndpointPicture> Endpoints
    {
        get
        {
            lock (gate)
            {
                return dispatcher.Pictures();
            }
        }
    }

    /// <summary>How many wait for a place in the queue.</summary>
    public int Waiters
    {
        get
        {
            lock (gate)
            {
                return lines.Sum(static line => line.Count);
            }
        }
    }
}
