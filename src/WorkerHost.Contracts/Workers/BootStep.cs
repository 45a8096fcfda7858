namespace WorkerHost;

/// <summary>One step of a worker's boot that was reached.</summary>
/// <param name="Name">For example <c>process</c>, <c>listening</c>, <c>connected</c>, <c>warmed up</c>.</param>
/// <param name="After">From the spawn until it was reached.</param>
/// <param name="Took">From the step before until it was reached.</param>
public readonly record struct BootStep(string Name, TimeSpan After, TimeSpan Took)
{
    /// <summary>For example <c>listening after 120 ms</c>.</summary>
    public override string ToString() => $"{Name} after {DurationText.Of(After)}";
}
