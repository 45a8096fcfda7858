namespace WorkerHost.Client;

/// <summary>Places in the queue, and who is refused one.</summary>
internal sealed partial class Dispatcher
{
    /// <summary>The refusal may pass: the queue is full, and the task alone is not too large for it.</summary>
    public bool WaitingHelps(TaskEntry entry, TaskFailure refusal) => refusal.QueueIsFull && !Stopping && entry.Bytes <= options.QueueBytes;

    /// <summary>Others of its caller wait for a place already.</summary>
    public TaskFailure RefuseBehindWaiters(TaskEntry entry) => NoPlaceFor(entry);

    /// <summary>Whoever waits for a place would wait on, and whoever does with this task: asked before it is submitted again.</summary>
    public (bool All, bool This) HaveToWait(TaskEntry entry)
    {
        if (Stopping || IsHopeless || entry.Bytes > options.QueueBytes || LaneIsFree())
        {
            return (false, false);
        }

        var all = Queued + held >= options.QueueCapacity;
        return (all, all || HasNoPlaceFor(entry));
    }

    private bool HasNoPlaceFor(TaskEntry entry)
    {
        var (tasks, bytes) = Free;
        return tasks <= 0 || entry.Bytes > bytes || entry.Share?.MayTake(entry.Bytes, tasks, bytes) == false;
    }

    private (int Tasks, long Bytes) Free => (options.QueueCapacity - Queued - held, options.QueueBytes - QueuedBytes);

    private TaskFailure NoPlaceFor(TaskEntry entry)
    {
        var refusal = QueueFull(entry);
        var (tasks, bytes) = Free;
        return entry.Share is not { } share || tasks <= 0 || entry.Bytes > bytes ? refusal : refusal with
        {
            Message = $"the queue keeps room for other callers: {share.Tasks} tasks with {share.Bytes} bytes of this one wait, and there is room for {tasks} with {bytes}; it may have as much as it leaves free ({QueueLimits}); come again later",
        };
    }
}
