namespace WorkerHost.Sidecar.Hosting;

/// <summary>One pool of the host under the name that requests use.</summary>
/// <param name="Name">As in the configuration; compared letter by letter.</param>
/// <param name="Pool">With workers of its own.</param>
internal sealed record HostedPool(string Name, WorkerPool Pool)
{
    /// <summary>How long its stop lets accepted tasks finish, where the host has nothing to say of that.</summary>
    public TimeSpan DrainTimeout { get; init; } = TimeSpan.FromSeconds(30);
}
