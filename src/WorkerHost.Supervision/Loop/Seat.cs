namespace WorkerHost.Supervision;

/// <summary>What the owner loop keeps for one slot: what decides, its timer, and the process that fills it.</summary>
internal sealed class Seat(CrewSlot slot)
{
    public int Number => Slot.Number;

    public CrewSlot Slot { get; } = slot;

    public SlotMachine Machine => Slot.Machine;

    /// <summary>Null while there is none.</summary>
    public WorkerProcess? Worker { get; set; }

    public DeathReport? LastDeath { get; set; }

    /// <summary>How its first worker ended.</summary>
    public DeathReport? FirstDeath { get; set; }

    /// <summary>Its first worker died before it was ready.</summary>
    public bool FirstBootFailed { get; set; }

    public SlotTimer TimerKind { get; private set; }

    /// <summary>Counts the settings of the timer, so that a message of an older one is known as such.</summary>
    public long TimerNumber { get; private set; }

    private ITimer? Timer { get; set; }

    public void SetTimer(TimeProvider time, SlotTimer kind, TimeSpan delay, Action<SupervisorMessage> tell)
    {
        CancelTimer();
        TimerKind = kind;
        var message = new SupervisorMessage.TimerElapsed(Number, TimerNumber);
        Timer = time.CreateTimer(_ => tell(message), null, delay, Timeout.InfiniteTimeSpan);
    }

    public void CancelTimer()
    {
        TimerNumber++;
        Timer?.Dispose();
        Timer = null;
    }
}
