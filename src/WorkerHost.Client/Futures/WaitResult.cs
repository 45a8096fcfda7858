namespace WorkerHost;

/// <summary>What <see cref="TaskFuture.WaitAsync"/> waits for.</summary>
public enum WaitUntil
{
    /// <summary>All have ended, in whatever way.</summary>
    AllEnded = 0,

    /// <summary>One has ended, in whatever way.</summary>
    FirstEnded = 1,

    /// <summary>One has failed, or all have ended. A cancelled task has not failed.</summary>
    FirstFailed = 2,
}

/// <summary>How things stood at the end of the waiting.</summary>
/// <typeparam name="TFuture">What was waited for.</typeparam>
/// <param name="Ended">The futures that have ended.</param>
/// <param name="Unfinished">The others; their tasks go on.</param>
public sealed record WaitResult<TFuture>(IReadOnlyList<TFuture> Ended, IReadOnlyList<TFuture> Unfinished)
    where TFuture : TaskFuture;
