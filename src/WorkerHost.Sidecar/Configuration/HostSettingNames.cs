using System.Collections.Immutable;
using System.Text.Json;

namespace WorkerHost.Sidecar.Configuration;

/// <summary>What settings are called where a pool stands behind a host: the keys of its configuration, the fields of the contract, its commands.</summary>
internal static class HostSettingNames
{
    /// <summary>The groups of a pool's processes, which their messages name without the supervisor they belong to.</summary>
    private static readonly ImmutableHashSet<string> OfProcesses = [.. SettingsCatalog.SettingsOf(typeof(SupervisorOptions)).Select(static property => property.Name)];

    /// <summary>The groups that a pool has itself.</summary>
    private static readonly ImmutableHashSet<string> OfPool = [.. SettingsCatalog.SettingsOf(typeof(WorkerPoolOptions)).Select(static property => property.Name)];

    /// <param name="pool">Its name.</param>
    public static SettingNames Of(string pool) => new(
        member => Name(pool, member),
        (method, argument) => $"{Name(pool, method)} {argument}");

    /// <summary>The keys of the setting that a .NET member is; empty: it is none of the configuration.</summary>
    public static ImmutableArray<string> KeysOf(string pool, string member)
    {
        var parts = member.Split('.');
        ImmutableArray<string> at = [SettingsCatalog.Pools, pool];
        return parts[0] switch
        {
            nameof(WorkerPoolOptions) or nameof(EmbeddedPoolOptions) => [.. at, .. Spelled(parts[1..])],
            nameof(WorkerCommand) => [.. at, SettingsCatalog.Command, .. Spelled(parts[1..])],
            nameof(SupervisorOptions) => [.. at, Supervision, .. Spelled(parts[1..])],
            var group when OfProcesses.Contains(group) => [.. at, Supervision, .. Spelled(parts)],
            var group when OfPool.Contains(group) => [.. at, .. Spelled(parts)],
            _ => [],
        };
    }

    private static readonly string Supervision = SettingsCatalog.Spelled(nameof(EmbeddedPoolOptions.Supervision));

    private static string Name(string pool, string member) => member switch
    {
        "WorkerPool.Release" => $"workerhost quarantine release {pool}",
        "Supervisor.ScaleAsync" => $"workerhost scale {pool}",
        "Supervisor.Workers" => $"workerhost workers {pool}",

        // Of a task: by its field in the contract, from which each client's own word is not far.
        "TaskOptions.Attempts" => "max_attempts",
        _ when member.StartsWith("TaskOptions.", StringComparison.Ordinal) => JsonNamingPolicy.SnakeCaseLower.ConvertName(member["TaskOptions.".Length..]),
        _ when KeysOf(pool, member) is { IsEmpty: false } keys => SettingsCatalog.Join(keys),
        _ => member,
    };

    private static IEnumerable<string> Spelled(IEnumerable<string> parts) => parts.Select(SettingsCatalog.Spelled);
}
