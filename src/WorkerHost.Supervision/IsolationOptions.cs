using System.Collections.Immutable;

namespace WorkerHost;

/// <summary>
/// What the workers of a pool may not do or use. All of it holds before a line of the worker's own code runs, and for whatever
/// the worker starts. What this system cannot do is an error when the supervisor starts. Same-user workers are no boundary
/// against hostile code; see docs/isolation.md.
/// </summary>
public sealed record IsolationOptions
{
    /// <summary>
    /// Added to the host's own nice value, as nice(1) does, from -20 to 19: the higher, the less a worker takes from others. Below 0
    /// needs CAP_SYS_NICE. Default 0.
    /// </summary>
    public int Nice { get; init; }

    /// <summary>
    /// The most memory a worker and all it has started may have, in bytes, swap included, at least 16 MiB; beyond it the kernel
    /// kills, and the death is reported as <see cref="DeathCause.OutOfMemory"/>. Needs control groups that the host may write. A .NET
    /// worker also gets DOTNET_GCHeapHardLimit, three quarters of this, unless the host or
    /// <see cref="WorkerCommand.Environment"/> sets a heap limit: its collector then works harder first, and an allocation that does
    /// not fit throws OutOfMemoryException. Default: no limit.
    /// </summary>
    public long? MemoryLimitBytes { get; init; }

    /// <summary>
    /// The most processor time a worker and all it has started may use, in processors, from 0.01 to 10 000: with 0.5 it runs 50 ms of
    /// every 100 ms. Needs control groups that the host may write. Default: no limit.
    /// </summary>
    public double? CpuLimit { get; init; }

    /// <summary>
    /// The most files and sockets a worker's process may have open (RLIMIT_NOFILE, soft and hard), at least 64. Above the host's own
    /// hard limit it needs CAP_SYS_RESOURCE. Default: as the host.
    /// </summary>
    public int? MaxOpenFiles { get; init; }

    /// <summary>
    /// Whether a crash may leave a core dump, as far as the host's own limit allows. Default false: a dump holds the data of tasks, and
    /// a worker that crashes often fills a disk with them.
    /// </summary>
    public bool CoreDumps { get; init; }

    /// <summary>
    /// Added to the host's own oom_score_adj, up to 1000 in sum, from 0 to 1000: when the machine runs out of memory, the kernel
    /// takes workers before the host. Default (null): 500, where this system can do it.
    /// </summary>
    public int? OomScoreAdjust { get; init; }

    /// <summary>
    /// The user, by name or number, that workers run as; the groups are those of that user. Needs a host that is root. The directory of
    /// each worker then belongs to that user; HOME, USER and LOGNAME are that user's, and the host's TMPDIR is inherited only where that
    /// user may write in it. Default: the host's own.
    /// </summary>
    public string? User { get; init; }

    /// <summary>The group, by name or number, that workers run as, with <see cref="User"/>. Default: that user's own.</summary>
    public string? Group { get; init; }

    /// <summary>
    /// No program that a worker starts can gain rights, not by set-user-id either. Default false, because sudo, ping and some sandboxes
    /// live on just that.
    /// </summary>
    public bool NoNewPrivileges { get; init; }

    /// <summary>
    /// Gives each worker a control group of its own, so that a kill takes all it has started, also what has left its process group
    /// and session (a daemon). True: an error where this system cannot do it (control groups of version 2, writable, Linux 5.14).
    /// False: never; then such daemons escape, unless there is a limit of memory or processors. Default (null): where it can be done.
    /// </summary>
    public bool? ContainDescendants { get; init; }

    /// <summary>
    /// A program and its arguments that start the worker, which follows as further arguments: a sandbox, such as bwrap or
    /// systemd-run --scope. In its arguments <c>{directory}</c> stands for the worker's own directory of socket and ledger, which must
    /// be there, at the same path and writable, inside; <c>{pool}</c>, <c>{slot}</c> and <c>{incarnation}</c> for those. It must
    /// hand on stdin, stdout, stderr and the exit code, and stay an ancestor of the worker. It runs as <see cref="User"/> and within all
    /// other limits. Default: none.
    /// </summary>
    public ImmutableArray<string> Launcher { get; init; } = [];

    /// <summary>What these options are called where messages are read.</summary>
    internal SettingNames Names { get; init; } = SettingNames.Members;
}
