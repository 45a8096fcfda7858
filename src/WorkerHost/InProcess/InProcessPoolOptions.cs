namespace WorkerHost;

/// <summary>A pool whose handlers run on threads of its own process. No command, no supervision: there is no process to keep.</summary>
public sealed record InProcessPoolOptions : WorkerPoolOptions
{
    /// <summary>The defaults.</summary>
    public InProcessPoolOptions()
    {
    }

    internal InProcessPoolOptions(WorkerPoolOptions options)
        : base(options)
    {
    }

    /// <summary>The most lanes that can be asked for.</summary>
    internal const int MostConcurrency = LedgerLayout.MaxLanes;

    /// <summary>
    /// How many tasks run at the same time, each on a thread of its own, which all are started at once. From 1 to 1024. Default: four more than there are
    /// processors, and at most 32, as Python's <c>ThreadPoolExecutor</c> has it: such a pool is for work that waits, and the threads
    /// that wait for a disk or a server leave the processors to the others.
    /// </summary>
    public int Concurrency { get; init; } = DefaultConcurrency;

    /// <summary>Services that handlers may take beside those of <see cref="WorkerApplication.Services"/>; not disposed of. Default none.</summary>
    public IServiceProvider? Services { get; init; }

    internal static int DefaultConcurrency => Math.Min(32, Environment.ProcessorCount + 4);

    /// <inheritdoc />
    protected internal override void Validate(ICollection<string> errors)
    {
        base.Validate(errors);
        if (Concurrency is < 1 or > MostConcurrency)
        {
            errors.Add(FormattableString.Invariant($"{nameof(Concurrency)} is {Concurrency}; allowed is from 1 to {MostConcurrency}"));
        }
    }
}
