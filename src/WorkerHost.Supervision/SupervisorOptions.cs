using System.Collections.Immutable;

namespace WorkerHost;

/// <summary>What a <see cref="Supervisor"/> is to do. Checked as a whole when it starts.</summary>
public sealed record SupervisorOptions
{
    /// <summary>
    /// The pool's name, for ids, logs and the workers' argument lists: letters, digits, '.', '-' and '_', at most 64.
    /// Default <c>default</c>.
    /// </summary>
    public string PoolName { get; init; } = "default";

    /// <summary>
    /// How many workers. Default: the processors available to this process (affinity and cgroup quota counted).
    /// </summary>
    public int Workers { get; init; } = Environment.ProcessorCount;

    /// <summary>
    /// How many further workers are kept started, connected and warmed up, to take the place of one that dies or is replaced at
    /// once. They come up after the first <see cref="Workers"/>. From 0 to 1000. Default (null): 1 where there are at least
    /// 2 workers, else 0, because a spare costs the memory of a worker.
    /// </summary>
    public int? Spares { get; init; }

    /// <summary>
    /// How many more workers than <see cref="Workers"/> and <see cref="Spares"/> may be alive while some are being replaced,
    /// from 1 to 1000; those that are being killed do not count. Default 1.
    /// </summary>
    public int MaxSurge { get; init; } = 1;

    /// <summary>How many tasks one worker runs at the same time, from 1 to 1024. Default 1: a death takes one task.</summary>
    public int Concurrency { get; init; } = 1;

    /// <summary>From the spawn until the worker's health service says SERVING; then it is killed. Default 30 s.</summary>
    public TimeSpan BootTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How long a worker told to leave because the supervisor stops may finish what it has, until SIGTERM; from 0 to 24 days. Default
    /// 30 s. Also told to the worker. After this time a worker that is replaced as planned is looked at: one without work gets SIGTERM,
    /// one with work may finish it (<see cref="RecycleOptions.MaxDrain"/>).
    /// </summary>
    public TimeSpan DrainTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>From SIGTERM to SIGKILL of the worker's group, at a stop or a recycle. Default 5 s. A worker that has never been ready gets none.</summary>
    public TimeSpan TerminateGrace { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How dead workers are replaced.</summary>
    public RestartOptions Restart { get; init; } = new();

    /// <summary>When workers that work are replaced by fresh ones. Default: never.</summary>
    public RecycleOptions Recycling { get; init; } = new();

    /// <summary>How workers that have frozen are found.</summary>
    public LivenessOptions Liveness { get; init; } = new();

    /// <summary>What workers may not do or use. Default: no core dumps, and out-of-memory comes to workers before the host.</summary>
    public IsolationOptions Isolation { get; init; } = new();

    /// <summary>How workers are reached. Default: Unix sockets.</summary>
    public WorkerTransport Transport { get; init; } = WorkerTransport.UnixSocket;

    /// <summary>
    /// Where the supervisor's private directory (sockets and ledgers; mode 0700, or 0711 where <see cref="IsolationOptions.User"/> is
    /// set) is made. Must exist. A socket's path may have 107 bytes, so this may have about 65. Default: the system's directory for temporary files (TMPDIR).
    /// </summary>
    public string Directory { get; init; } = Path.GetTempPath();

    /// <summary>
    /// Names of further environment variables that workers inherit. They always get PATH, HOME, LANG, LC_*, TZ, TMPDIR,
    /// USER, LOGNAME, DOTNET_* and SSL_CERT_*, and nothing else of the host's. A name may end with '*'. Default: none.
    /// </summary>
    public ImmutableArray<string> InheritEnvironment { get; init; } = [];

    /// <summary>The largest task or result, in bytes; told to the worker. Default 64 MiB.</summary>
    public int MaxMessageBytes { get; init; } = ProtocolLimits.DefaultMaxMessageBytes;

    /// <summary>What becomes of the workers' stdout and stderr. Default: to the logger, line by line, at a bounded rate.</summary>
    public OutputOptions Output { get; init; } = new();

    /// <summary>How many last lines of a worker's stderr are kept for its death report, from 0 to 1000. Default 20.</summary>
    public int OutputTailLines { get; init; } = 20;

    /// <summary>
    /// How many workers must take tasks for the pool to count as ready (<see cref="Supervisor.Readiness"/>). From 1 to
    /// 10 000; where it is more than the workers that are wanted, all of them. Default 1. Changes nothing but that answer.
    /// </summary>
    public int ReadyAtLeast { get; init; } = 1;

    /// <summary>
    /// How many of the last events are kept for <see cref="Supervisor.WatchAsync"/>: so many may happen while a watcher is
    /// away or slow. From 16 to 1 000 000; an event takes about 200 bytes, a death with the stderr lines it quotes up to about 20 KiB.
    /// Default 1000.
    /// </summary>
    public int KeptEvents { get; init; } = 1000;

    internal int SparesFor(int workers) => Spares ?? (workers >= 2 ? 1 : 0);

    /// <summary>What these options are called where messages are read.</summary>
    internal SettingNames Names { get; init; } = SettingNames.Members;
}
