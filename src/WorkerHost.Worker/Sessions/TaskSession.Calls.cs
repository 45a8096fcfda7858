namespace WorkerHost.Worker;

/// <summary>Streaming calls that have a number of this session: they come by themselves, and end here as tasks do.</summary>
internal sealed partial class TaskSession
{
    // Given up before they came. A client gives up a handful; one that makes up numbers is not to fill the memory.
    private const int MaxGivenUp = 1024;

    private readonly HashSet<ulong> givenUp = [];
    private int callTrack = -1;
    private bool hasCallTrack;

    /// <summary>The ledger's track of its calls; -1: none.</summary>
    public int CallTrack => Volatile.Read(ref callTrack);

    /// <summary>A call has come. False: its client does not want it any more, or the session has ended.</summary>
    public bool Enter(SessionCall call)
    {
        bool leaving;
        lock (gate)
        {
            if (abandoned || givenUp.Remove(call.Sequence) || !inFlight.TryAdd(call.Sequence, call))
            {
                return false;
            }

            if (!hasCallTrack)
            {
                hasCallTrack = true;
                Volatile.Write(ref callTrack, core.OpenTrack(CallPlace.LedgerKeyOf(Key)));
            }

            leaving = drained;
        }

        if (leaving)
        {
            call.GiveBack();
            return true;
        }

        TaskRun?[] runs = [call];
        core.Enqueue(runs);
        if (runs[0] is not null)
        {
            call.Complete(TaskEnd.FailedWith(TaskFailures.Full(call, $"{core.Waiting} tasks")), hurry: false);
        }

        if (core.IsDraining)
        {
            GiveBackWaiting();
        }

        CancelIfAbandoned();
        return true;
    }

    private void GiveUp(ulong sequence)
    {
        SessionTask? call;
        var write = false;
        lock (gate)
        {
            if (!inFlight.TryGetValue(sequence, out call) && !abandoned)
            {
                if (givenUp.Count == MaxGivenUp)
                {
                    givenUp.Clear();
                }

                givenUp.Add(sequence);
                pending.Add(new SessionOutcome(sequence, TaskEnd.GivenBack));
                write = ClaimWriter();
            }
        }

        (call as SessionCall)?.CancelByCaller();
        Write(write, hurry: false);
    }

    private void CloseTracks()
    {
        core.CloseTrack(Track);
        core.CloseTrack(CallTrack);
    }
}
