using System.Collections.Immutable;

namespace WorkerHost.Sidecar.Configuration;

/// <summary>Everything a host is told, by its file, the environment and the command line together.</summary>
/// <remarks>The keys of the file are the names of these properties. See <see cref="HostConfiguration"/> for how they come about.</remarks>
internal sealed record HostSettings
{
    /// <summary>The pools, in the order of their names; at least one. In the file, each key is the name of a pool: 1 to 64 ASCII letters, digits, '-', '_' and '.'.</summary>
    public ImmutableArray<ConfiguredPool> Pools { get; init; } = [];

    /// <summary>Where clients come with their tasks.</summary>
    public DataSettings Data { get; init; } = new();

    /// <summary>Where operators come, and what looks at health and metrics.</summary>
    public AdminSettings Admin { get; init; } = new();

    /// <summary>What the host says about itself, and how.</summary>
    public LogSettings Log { get; init; } = new();

    /// <summary>Where traces, metrics and logs are sent.</summary>
    public TelemetrySettings Telemetry { get; init; } = new();

    /// <summary>
    /// How long a stop lets accepted tasks finish, from SIGTERM until what has not is cancelled, whatever the pools' own <c>drainTimeout</c>
    /// says; from 0 to 1 day. Then follow the graces of the pools. Default (null): as each pool says for itself.
    /// </summary>
    public TimeSpan? DrainTimeout { get; init; }
}
