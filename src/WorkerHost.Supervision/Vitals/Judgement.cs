namespace WorkerHost.Supervision;

/// <summary>What a look at a worker leads to; the gravest where there are several.</summary>
internal enum JudgementKind
{
    /// <summary>Nothing is to be done.</summary>
    None,

    /// <summary>It is to be replaced when another is ready.</summary>
    Recycle,

    /// <summary>It has hung: it is to be killed now.</summary>
    Dead,

    /// <summary>It is over a limit that nobody may be over: it is to be killed now.</summary>
    OverLimit,
}

/// <param name="Kind">What.</param>
/// <param name="Reason">Why, with the setting; null where there is nothing to be done.</param>
internal readonly record struct Judgement(JudgementKind Kind, string? Reason = null);
