namespace WorkerHost.Supervision;

/// <summary>A breaker closes by nothing but time when its worker stays healthy: nothing happens then, and it is to be shown all the same.</summary>
internal sealed partial class SupervisorLoop
{
    /// <summary>A worker that is ready needs its slot's timer for nothing else.</summary>
    private void AwaitEndOfProbation(Seat seat)
    {
        if (seat.Machine is { State: SlotState.Ready, ProbationEndsAt: { } end } && seat.Machine.IsOnProbation(Now()))
        {
            // Timers count whole milliseconds.
            seat.SetTimer(time, SlotTimer.Probation, end - Now() + TimeSpan.FromMilliseconds(1), Tell);
        }
    }

    private void ProbationElapsed(Seat seat)
    {
        Show();
        AwaitEndOfProbation(seat);
    }
}
