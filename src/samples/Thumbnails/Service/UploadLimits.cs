namespace WorkerHost.Samples.Thumbnails;

/// <summary>What one upload may take; section <c>Thumbnails</c> of the configuration.</summary>
internal sealed record UploadLimits
{
    /// <summary>The largest upload.</summary>
    public int MaxBytes { get; init; } = 16 << 20;

    /// <summary>How many uploads are in the service at the same time, being read, waiting or at work: so many times <see cref="MaxBytes"/> of memory.</summary>
    public int UploadsAtOnce { get; init; } = 64;

    /// <summary>
    /// The least rate at which an upload has to arrive. Whoever sends slower would keep one of the places for long: at Kestrel's own 240 bytes per second
    /// the largest file takes 19 hours.
    /// </summary>
    public double BytesPerSecond { get; init; } = 50_000;

    /// <summary>How long an upload waits for a worker that is free.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How long an image may take once a worker has it, all attempts together.</summary>
    public TimeSpan TimeLimit { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long an image that cost a worker is refused without another look.</summary>
    public TimeSpan RefuseHostileFor { get; init; } = TimeSpan.FromMinutes(10);
}
