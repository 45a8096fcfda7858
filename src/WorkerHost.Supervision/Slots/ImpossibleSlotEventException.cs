namespace WorkerHost.Supervision;

/// <summary>A slot was told something that cannot have happened: a defect of this library, with its story.</summary>
internal sealed class ImpossibleSlotEventException(SlotState state, SlotEvent what, IEnumerable<string> story)
    : InvalidOperationException(
        $"impossible in state {state}: {what}. This is a defect of WorkerHost; please report it with this story:"
        + string.Concat(story.Select(line => Environment.NewLine + "  " + line)))
{
    public SlotState State { get; } = state;

    public SlotEvent What { get; } = what;
}
