namespace WorkerHost.Client;

/// <summary>What is told of a task's attempts. Those that failed were kept; the present or last one is made up when somebody asks.</summary>
internal sealed partial class Dispatcher
{
    /// <summary>The attempts so far, oldest first.</summary>
    public IReadOnlyList<TaskAttempt> HistoryOf(TaskEntry entry)
    {
        var isKept = entry.PastAttempts is [.., var last] && last.Number == entry.Attempt;
        var isThere = entry.Endpoint is not null && (entry.Phase == TaskPhase.Sent || (entry.Phase == TaskPhase.Done && entry.SentAt != 0));
        return isThere && !isKept ? entry.PastAttempts.Add(AttemptOf(entry, null)) : entry.PastAttempts;
    }

    private TaskAttempt AttemptOf(TaskEntry entry, TaskFailure? failure)
    {
        var worker = entry.Endpoint!.Worker;
        return new TaskAttempt(entry.Attempt, worker.Id, worker.Pid, failure)
        {
            SentAt = entry.SentAt == 0 ? null : options.TimeOf(entry.SentAt),
            EndedAt = entry.EndedAt == 0 ? null : options.TimeOf(entry.EndedAt),
            End = EndOf(entry, failure),
        };
    }

    private static AttemptEnd EndOf(TaskEntry entry, TaskFailure? failure) => (entry, failure) switch
    {
        ({ EndedAt: 0 }, _) => AttemptEnd.UnderWay,
        (_, { Verdict: not null }) => AttemptEnd.Lost,
        ({ Stop: StopReason.Cancelled or StopReason.Expired }, _) => AttemptEnd.Stopped,
        ({ Stop: StopReason.Attempt }, not null) => AttemptEnd.Stopped,
        (_, not null) => AttemptEnd.Failed,
        (_, null) => AttemptEnd.Succeeded,
    };
}
