using System.Collections.Immutable;

namespace WorkerHost.Supervision;

/// <summary>
/// Decides over all slots of a supervisor what no slot can decide alone: who takes tasks and who is a spare, when a slot
/// is filled or left empty, and when a worker that is to be replaced may leave. Pure, as the slots' machines are:
/// events in, actions out.
/// </summary>
/// <remarks>
/// One rule carries death, recycling, rolling restart and scaling: a worker that should go has a <em>wish</em>; it is
/// granted when a ready spare can take its place, and empty slots are filled until the numbers are right again.
/// </remarks>
internal sealed class Crew(CrewSize size, Func<int, SlotMachine> newSlot)
{
    private readonly List<CrewSlot> slots = [];
    private readonly List<CrewAction> actions = [];
    private int reached = 1;
    private bool settled;
    private bool stopping;

    public IReadOnlyList<CrewSlot> Slots => slots;

    public CrewSize Size { get; private set; } = size;

    /// <summary>Rises with every restart of the whole crew; a worker belongs to the one it was started in.</summary>
    public int Generation { get; private set; } = 1;

    /// <summary>
    /// The generation whose restart was given up; 0: none. Where some of the one before serve, at the first boot that fails;
    /// where nobody serves, when no slot is left whose boot has not failed yet. Those then go on trying.
    /// </summary>
    public int FailedGeneration { get; private set; }

    public bool HasStopped => stopping && slots.TrueForAll(static s => s.Machine.State == SlotState.Stopped);

    /// <summary>The wanted number serves, and nobody else is there but the spares.</summary>
    public bool IsComplete => Serving == Size.Workers && slots.Count(static s => s.IsOccupied) <= Wanted();

    /// <summary>How many take tasks.</summary>
    public int Serving => slots.Count(static s => s.Serves);

    private int Manned => slots.Count(static s => s.Machine.IsManned);

    /// <summary>Whether every worker of an earlier generation is gone and every place is served.</summary>
    public bool HasReached(int generation) =>
        Serving >= Size.Workers && slots.TrueForAll(s => !s.IsOccupied || s.Generation >= generation);

    public ImmutableArray<CrewAction> Start(TimeSpan now) => Decide(now);

    /// <summary>Something happened to one slot.</summary>
    public ImmutableArray<CrewAction> Handle(int number, SlotEvent e)
    {
        var slot = slots[number];
        switch (e)
        {
            case SlotEvent.Exited exited:
                Exited(slot, exited);
                break;
            case SlotEvent.RecycleRequested recycle when slot.IsReady && recycle.Incarnation == slot.Machine.Incarnation:
                slot.OwnWish ??= recycle.Reason;
                break;
            case SlotEvent.ReplacementNeededSoon soon:
                slot.WillWish |= slot.IsReady && soon.Incarnation == slot.Machine.Incarnation;
                break;
            default:
                Apply(slot, e);
                break;
        }

        return Decide(e.At);
    }

    /// <summary>Another number of workers: the missing are started, the superfluous finish what they have and leave.</summary>
    public ImmutableArray<CrewAction> Resize(CrewSize wanted, TimeSpan now)
    {
        Size = wanted;
        return Decide(now);
    }

    /// <summary>Replaces every worker: one after the other behind a ready replacement, or all at once.</summary>
    public ImmutableArray<CrewAction> Restart(bool rolling, string reason, TimeSpan now)
    {
        Generation++;
        foreach (var slot in slots.ToArray())
        {
            if (rolling && slot.IsReady)
            {
                slot.RollWish = reason;
            }
            else
            {
                // One that is only starting has nothing to lose.
                Leave(slot, reason, now);
            }
        }

        return Decide(now);
    }

    public ImmutableArray<CrewAction> Stop(TimeSpan now)
    {
        stopping = true;
        foreach (var slot in slots)
        {
            Apply(slot, new SlotEvent.StopRequested(now));
        }

        return Decide(now);
    }

    private ImmutableArray<CrewAction> Decide(TimeSpan now)
    {
        if (!stopping)
        {
            Promote();
            Shrink(now);
            Replace(now);

            // With a wish granted one less may be wanted: nothing else may happen for long that would make it leave.
            Shrink(now);
            Fill(now);
            reached = HasReached(Generation) ? Generation : reached;
        }

        var decided = actions.ToImmutableArray();
        actions.Clear();
        return decided;
    }

    /// <summary>An empty place is taken by a ready worker, rather by one that may stay.</summary>
    private void Promote()
    {
        while (Serving < Size.Workers && slots.Where(static s => s.IsSpare).MinBy(static s => s.Wish is null ? 0 : 1) is { } spare)
        {
            spare.Serves = true;
        }
    }

    private void Shrink(TimeSpan now)
    {
        while (Serving > Size.Workers)
        {
            var leaver = slots.Where(static s => s.Serves).MaxBy(static s => (s.Wish is null ? 0 : 1, s.Number))!;
            Leave(leaver, leaver.Wish ?? $"the pool was scaled to {Size.Workers} workers", now);
        }

        while (Manned > Wanted())
        {
            // Rather one that does not work, then one that is not ready yet, then a spare.
            if (slots.Where(static s => s.IsWaiting || s.Machine.State == SlotState.Starting || s.IsSpare)
                .MaxBy(static s => (s.IsWaiting ? 2 : s.IsReady ? 0 : 1, s.Wish is null ? 0 : 1, s.Number)) is not { } leaver)
            {
                return;
            }

            if (leaver.IsWaiting)
            {
                Apply(leaver, new SlotEvent.Vacate(now));
            }
            else
            {
                Leave(leaver, leaver.Wish ?? "there are enough workers without it", now);
            }
        }
    }

    /// <summary>Grants wishes for as long as there are ready spares to take the places.</summary>
    private void Replace(TimeSpan now)
    {
        foreach (var slot in slots.Where(static s => s is { Wish: not null, IsSpare: true }).ToArray())
        {
            Leave(slot, slot.Wish!, now);
        }

        while (slots.Find(static s => s is { Wish: not null, Serves: true }) is { } leaver
            && slots.Find(static s => s is { Wish: null, IsSpare: true }) is { } spare)
        {
            spare.Serves = true;
            Leave(leaver, leaver.Wish!, now);
        }
    }

    private void Fill(TimeSpan now)
    {
        settled |= slots.Count(static s => s.Tried) >= Size.Workers && slots.Exists(static s => s.IsReady);
        while (NeedsAnother(except: null))
        {
            var slot = slots.Find(static s => s.Machine.State == SlotState.Empty);
            if (slot is null)
            {
                slots.Add(slot = new CrewSlot(slots.Count, newSlot(slots.Count)));
            }

            Apply(slot, new SlotEvent.Start(now));
        }
    }

    /// <summary>Too few are manned, and those that still finish what they have leave room for one more.</summary>
    private bool NeedsAnother(CrewSlot? except)
    {
        var manned = slots.Count(s => s != except && s.Machine.IsManned);
        var polite = slots.Count(s => s != except && s.Machine.LeavesPolitely);
        return manned < Wanted() && manned + polite < Size.Workers + Size.Spares + Size.MaxSurge;
    }

    /// <summary>
    /// How many are to be manned: the workers, at first without the spares (they would only delay the first workers), and as
    /// many more as it takes to replace those that have a wish.
    /// </summary>
    private int Wanted()
    {
        var all = Size.Workers == 0 ? 0 : Size.Workers + (settled ? Size.Spares : 0);
        var wishes = slots.Count(static s => s.Serves && (s.WillWish || s.Wish is not null));
        var waiting = slots.Count(static s => s.IsWaiting);
        return wishes == 0 ? all : Math.Max(all, Serving + waiting + Math.Min(wishes, Size.MaxSurge));
    }

    private void Exited(CrewSlot slot, SlotEvent.Exited e)
    {
        var current = e.Incarnation == slot.Machine.Incarnation;
        var failed = current && slot.IsOccupied && slot.Machine.IsFailingToBoot && slot.Generation == Generation;
        Apply(slot, e with { Refill = NeedsAnother(except: slot) });
        slot.Tried |= current;
        if (failed)
        {
            slot.FailedGeneration = Generation;
            StopRoll();
        }
    }

    /// <summary>A generation that cannot boot replaces nobody: who is left of the one before keeps serving.</summary>
    private void StopRoll()
    {
        if (Generation > reached && Serving == 0 && slots.TrueForAll(s => !s.Machine.IsManned || s.FailedGeneration == Generation))
        {
            FailedGeneration = Generation;
        }

        foreach (var old in slots.Where(static s => s.RollWish is not null))
        {
            FailedGeneration = Generation;
            old.RollWish = null;
        }
    }

    private void Leave(CrewSlot slot, string reason, TimeSpan now) =>
        Apply(slot, new SlotEvent.RecycleRequested(now, slot.Machine.Incarnation, reason));

    private void Apply(CrewSlot slot, SlotEvent e)
    {
        foreach (var action in slot.Machine.Handle(e))
        {
            if (action is SlotAction.Spawn)
            {
                slot.Generation = Generation;
            }

            actions.Add(new CrewAction(slot.Number, action));
        }

        if (!slot.IsReady)
        {
            slot.Serves = false;
            slot.OwnWish = null;
            slot.RollWish = null;
            slot.WillWish = false;
        }
        else
        {
            slot.Tried = true;
        }
    }
}
