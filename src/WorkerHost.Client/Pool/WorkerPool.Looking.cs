using System.Collections.Immutable;

namespace WorkerHost;

/// <summary>Pictures for whoever explains the pool to people.</summary>
public sealed partial class WorkerPool
{
    /// <summary>Of another pool of the same name, or of this one after a restart of its process, it is another.</summary>
    internal string Instance => identity.IdPrefix;

    /// <summary>The connections that there are.</summary>
    internal ImmutableArray<Client.EndpointPicture> Endpoints => loop.Endpoints;

    /// <summary>How many wait for a place in the queue.</summary>
    internal int Waiters => loop.Waiters;

    /// <summary>Where a task is: one that has not ended, or one with an id of the caller's whose outcome is kept. Null: not known.</summary>
    internal Client.TaskPicture? Find(string id) => known.Find(id) is { } shared
        ? loop.PictureOf(shared.Entry) with { Outcome = shared.Outcome }
        : loop.Find(id);
}
