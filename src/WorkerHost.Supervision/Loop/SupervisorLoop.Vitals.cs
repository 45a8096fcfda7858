namespace WorkerHost.Supervision;

/// <summary>Looks at all live workers, one timer for all of them, and does what the looks lead to.</summary>
internal sealed partial class SupervisorLoop
{
    private static readonly SupervisorMessage.Look LookMessage = new();

    private readonly Random random;
    private readonly LookPace pace;
    private int lookIsDue;

    private WorkerVitals NewVitals() => new(WorkerLimits.Draw(options.Recycling, random), options.Liveness, options.Recycling);

    /// <summary>Null: nobody needs it.</summary>
    private ITimer? StartLooking() => options.Liveness.Enabled || options.Recycling.Watches
        ? time.CreateTimer(_ => LookSoon(), null, options.Liveness.HeartbeatInterval, options.Liveness.HeartbeatInterval)
        : null;

    /// <summary>A loop that was held up makes up for nothing: one look is enough for all that were missed.</summary>
    private void LookSoon()
    {
        if (Interlocked.Exchange(ref lookIsDue, 1) == 0)
        {
            Tell(LookMessage);
        }
    }

    private async Task LookAsync()
    {
        Volatile.Write(ref lookIsDue, 0);
        var (counts, late) = pace.Look(Now());
        if (late > TimeSpan.Zero)
        {
            Say(new SupervisorEvent.Stalled(late));
        }

        oom.Look(Now());

        // Acting may add seats; whoever sits there now is looked at next time.
        var count = seats.Count;
        for (var i = 0; i < count; i++)
        {
            var seat = seats[i];
            if (seat is { Slot.IsOccupied: true, Worker: { } worker } && worker.Look(LoadOf) is { } signs)
            {
                await HeedAsync(seat, worker.Vitals.Look(Now(), counts, seat.Machine.State, worker.ReadyAt, signs)).ConfigureAwait(false);
            }
        }

        Show();
    }

    /// <summary>How many tasks it runs just now, by its own word or its pool's.</summary>
    private int RunningIn(Seat seat) => seat.Worker is { } worker
        ? Math.Max(LoadOf(worker.Id).RunningTasks.Length, worker.Look(LoadOf)?.Running ?? 0)
        : 0;

    private Task HeedAsync(Seat seat, Judgement judgement)
    {
        var incarnation = seat.Machine.Incarnation;
        return judgement.Kind switch
        {
            JudgementKind.None => Task.CompletedTask,

            // It is said for as long as it is true, since other events may make the crew forget a wish.
            JudgementKind.Recycle when seat.Slot.Wish is not null => Task.CompletedTask,
            JudgementKind.Recycle => TellCrewAsync(new SlotEvent.RecycleRequested(Now(), incarnation, judgement.Reason!)),
            JudgementKind.Dead => TellCrewAsync(new SlotEvent.Condemned(Now(), incarnation, LeaveKind.Hang, judgement.Reason!)),
            JudgementKind.OverLimit => TellCrewAsync(new SlotEvent.Condemned(Now(), incarnation, LeaveKind.Limit, judgement.Reason!)),
            _ => throw new InvalidOperationException($"a supervisor does not know how to heed {judgement}"),
        };

        Task TellCrewAsync(SlotEvent e) => ActAsync(crew.Handle(seat.Number, e), null);
    }
}
