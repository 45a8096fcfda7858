namespace WorkerHost.Sidecar.Configuration;

/// <summary>Something that is wrong with a configuration.</summary>
/// <param name="Path">Where: the keys from the top, with ':' between them; empty: of no setting.</param>
/// <param name="Problem">What stands there and what is allowed; goes on from the path to a sentence.</param>
/// <param name="Source">Where that was set; null where nothing was.</param>
internal sealed record SettingError(string Path, string Problem, SettingSource? Source = null)
{
    /// <summary>The value that counts there is looked at all the same: it may be wrong, too.</summary>
    public bool LeavesValue { get; init; }

    public override string ToString() => $"{Path}{(Path.Length > 0 ? " " : "")}{Problem}{(Source is null ? "" : $" ({Source})")}";
}
