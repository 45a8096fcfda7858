using System.Collections.Immutable;

namespace WorkerHost.Sidecar.Admin;

/// <summary>What became of a configuration that was read again. Immutable.</summary>
internal sealed record ReloadResult
{
    /// <summary>What is wrong with it, all of it; then nothing was changed.</summary>
    public ImmutableArray<string> Errors { get; init; } = [];

    /// <summary>What could not be done, a sentence for each pool, which is as it was; everything else was done.</summary>
    public ImmutableArray<string> Failed { get; init; } = [];

    /// <summary>Names of pools; so the next three.</summary>
    public ImmutableArray<string> Added { get; init; } = [];

    public ImmutableArray<string> Removed { get; init; } = [];

    public ImmutableArray<string> Replaced { get; init; } = [];

    public ImmutableArray<string> Unchanged { get; init; } = [];

    /// <summary>Settings of the host itself that have changed and count from now on.</summary>
    public ImmutableArray<string> Applied { get; init; } = [];

    /// <summary>Settings that have changed and count only after a restart of the host.</summary>
    public ImmutableArray<string> NeedsRestart { get; init; } = [];
}
