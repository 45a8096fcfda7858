namespace WorkerHost.Supervision;

/// <summary>What one worker may do and need in its life: the limits of all, shortened by its own roll of the dice. Pure.</summary>
/// <param name="Tasks">0: any number, as in <see cref="WorkerEndpoint"/>.</param>
/// <param name="Age">Null: no limit; so for the others.</param>
/// <param name="Idle">After it has done something.</param>
/// <param name="SoftMemory">In bytes.</param>
/// <param name="HardMemory">In bytes.</param>
internal sealed record WorkerLimits(long Tasks, TimeSpan? Age, TimeSpan? Idle, long? SoftMemory, long? HardMemory)
{
    /// <summary>A roll for each limit: workers that started together should not meet in any of them.</summary>
    public static WorkerLimits Draw(RecycleOptions options, Random random)
    {
        // The hard limit is not for spreading anything: below it nobody is to be killed.
        return new(
            options.MaxTasks is { } tasks ? Math.Max(1, tasks - (long)(tasks * Cut())) : 0,
            options.MaxAge * (1 - Cut()),
            options.MaxIdle * (1 - Cut()),
            options.SoftMemoryBytes is { } soft ? soft - (long)(soft * Cut()) : null,
            options.HardMemoryBytes);

        double Cut() => options.Jitter * random.NextDouble();
    }
}
