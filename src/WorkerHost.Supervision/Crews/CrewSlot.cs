namespace WorkerHost.Supervision;

/// <summary>One slot as its crew sees it.</summary>
internal sealed class CrewSlot(int number, SlotMachine machine)
{
    public int Number { get; } = number;

    public SlotMachine Machine { get; } = machine;

    /// <summary>Its worker takes tasks; a ready one that does not is a spare.</summary>
    public bool Serves { get; set; }

    /// <summary>Why its worker is to be replaced as soon as another is ready; null: it may stay.</summary>
    public string? Wish => OwnWish ?? RollWish;

    /// <summary>For a reason of its own: a limit, a request.</summary>
    public string? OwnWish { get; set; }

    /// <summary>For a rolling restart: goes when that is given up.</summary>
    public string? RollWish { get; set; }

    /// <summary>It will have a wish soon.</summary>
    public bool WillWish { get; set; }

    /// <summary>Which of the crew's generations its worker, or the last one, belongs to.</summary>
    public int Generation { get; set; }

    /// <summary>The last of the crew's generations of which a worker could not boot in it; 0: none.</summary>
    public int FailedGeneration { get; set; }

    /// <summary>Its first worker became ready or died.</summary>
    public bool Tried { get; set; }

    public bool IsReady => Machine.State == SlotState.Ready;

    public bool IsSpare => IsReady && !Serves;

    public bool IsWaiting => Machine.State is SlotState.BackingOff or SlotState.CrashLooping;

    /// <summary>A process of it may be alive.</summary>
    public bool IsOccupied => Machine.State is SlotState.Starting or SlotState.Ready or SlotState.Draining or SlotState.Stopping;
}
