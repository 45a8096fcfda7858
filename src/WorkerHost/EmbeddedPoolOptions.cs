namespace WorkerHost;

/// <summary>A pool with workers of its own: what the pool does, and in <see cref="Supervision"/> how its processes are kept.</summary>
public sealed record EmbeddedPoolOptions : WorkerPoolOptions
{
    /// <summary>How many workers. Null: as <see cref="Supervision"/> says, by default the processors available.</summary>
    public int? Workers { get; init; }

    /// <summary>How many tasks one worker runs at the same time. Null: as <see cref="Supervision"/> says, by default 1.</summary>
    public int? Concurrency { get; init; }

    /// <summary>
    /// Everything about the processes. Its <c>PoolName</c> and <c>MaxMessageBytes</c> are the pool's <c>Name</c> and
    /// <c>MaxMessageBytes</c>, whatever stands here.
    /// </summary>
    public SupervisorOptions Supervision { get; init; } = new();

    /// <summary>The pool's and the supervisor's options, all errors at once.</summary>
    protected internal override void Validate(ICollection<string> errors)
    {
        base.Validate(errors);
        if (Supervision is null)
        {
            errors.Add("Supervision is null; allowed is a SupervisorOptions");
            return;
        }

        foreach (var error in SupervisorOptionsCheck.Find(ForSupervisor()))
        {
            var option = error[..error.IndexOf(' ', StringComparison.Ordinal)];
            switch (option)
            {
                // The pool's own, which it has looked at already.
                case nameof(SupervisorOptions.PoolName) or nameof(MaxMessageBytes):
                    break;
                case nameof(Workers) when Workers is not null:
                case nameof(Concurrency) when Concurrency is not null:
                    errors.Add(error);
                    break;
                default:
                    errors.Add($"{nameof(Supervision)}.{error}");
                    break;
            }
        }
    }

    /// <summary>The same for a pool that is to run in its own process: as many lanes as all workers would have had together.</summary>
    internal InProcessPoolOptions ForThreads(IServiceProvider services) => new(this)
    {
        Concurrency = Workers is null && Concurrency is null
            ? InProcessPoolOptions.DefaultConcurrency
            : (int)Math.Min(InProcessPoolOptions.MostConcurrency, (long)(Workers ?? Environment.ProcessorCount) * (Concurrency ?? 1)),
        Services = services,
    };

    internal SupervisorOptions ForSupervisor() => Supervision with
    {
        PoolName = Name,
        Names = Names,
        Liveness = Supervision.Liveness is null ? null! : Supervision.Liveness with { Names = Names },
        Recycling = Supervision.Recycling is null ? null! : Supervision.Recycling with { Names = Names },
        Isolation = Supervision.Isolation is null ? null! : Supervision.Isolation with { Names = Names },
        MaxMessageBytes = MaxMessageBytes,
        Workers = Workers ?? Supervision.Workers,
        Concurrency = Concurrency ?? Supervision.Concurrency,
    };
}
