using Microsoft.Extensions.Logging;

namespace WorkerHost.Client;

/// <summary>What a pool's futures share.</summary>
internal sealed class PoolIdentity(string name, string idPrefix, ILogger logger)
{
    public string Name => name;

    public string IdPrefix => idPrefix;

    public ILogger Logger => logger;

    /// <summary>The caller's id, or prefix and number: made only when somebody asks.</summary>
    public string IdOf(TaskEntry entry) => entry.IdWith(idPrefix);
}
