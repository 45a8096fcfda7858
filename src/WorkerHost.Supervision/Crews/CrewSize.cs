namespace WorkerHost.Supervision;

/// <summary>How many workers a crew is to have.</summary>
/// <param name="Workers">Take tasks.</param>
/// <param name="Spares">Are ready to take the place of one that takes tasks.</param>
/// <param name="MaxSurge">So many more may be alive while some are being replaced.</param>
internal readonly record struct CrewSize(int Workers, int Spares, int MaxSurge);

/// <summary>What is to be done for which slot.</summary>
internal readonly record struct CrewAction(int Slot, SlotAction Action);
