namespace WorkerHost.Supervision;

/// <summary>What was seen of one worker at one look.</summary>
internal readonly record struct VitalSigns
{
    /// <summary>How it beats.</summary>
    public HeartbeatKind Heartbeat { get; init; }

    /// <summary>Counts up for as long as it lives.</summary>
    public ulong Beats { get; init; }

    /// <summary>Tasks finished in its life, as far as anyone knows.</summary>
    public long Finished { get; init; }

    /// <summary>Tasks in its lanes, as far as anyone knows.</summary>
    public int Running { get; init; }

    /// <summary>0: not known.</summary>
    public long ResidentBytes { get; init; }

    /// <summary>The most it has had; 0: not known.</summary>
    public long PeakBytes { get; init; }

    /// <summary>A debugger, or a tracer, is attached to it.</summary>
    public bool IsTraced { get; init; }

    /// <summary>Where nobody listens, and it should; null: somebody does, as far as anyone knows.</summary>
    public Uri? ClosedAddress { get; init; }

    /// <summary>A signal has stopped it: it certainly does nothing.</summary>
    public bool IsStopped { get; init; }
}

/// <summary>Where a worker's heartbeat comes from.</summary>
internal enum HeartbeatKind
{
    /// <summary>Marks in its ledger, by a thread that does nothing else.</summary>
    Ledger,

    /// <summary>Messages on its control stream.</summary>
    Control,

    /// <summary>Its answers to the standard health check: it may have to be idle to give them.</summary>
    Health,
}
