using System.Collections.Immutable;

namespace WorkerHost;

/// <summary>
/// How many workers are doing what at one moment. Each worker process is counted once, so that
/// <see cref="Busy"/> + <see cref="Idle"/> + <see cref="Starting"/> + <see cref="Draining"/> + <see cref="Spare"/> = <see cref="Total"/>
/// always. Slots without a process are beside the total. Immutable.
/// </summary>
public sealed record SupervisorCounts
{
    /// <summary>Take tasks and run at least one.</summary>
    public int Busy { get; private init; }

    /// <summary>Take tasks and run none.</summary>
    public int Idle { get; private init; }

    /// <summary>Are booting.</summary>
    public int Starting { get; private init; }

    /// <summary>Get nothing new and are on their way out, whatever comes after them.</summary>
    public int Draining { get; private init; }

    /// <summary>Are ready and wait for a place.</summary>
    public int Spare { get; private init; }

    /// <summary>All workers.</summary>
    public int Total => Busy + Idle + Starting + Draining + Spare;

    /// <summary>Slots that wait before they start their next worker.</summary>
    public int BackingOff { get; private init; }

    /// <summary>Slots whose breaker is open, and which wait before they try again.</summary>
    public int CrashLooping { get; private init; }

    /// <summary>Counts what one picture shows.</summary>
    /// <param name="workers">As <see cref="Supervisor.Workers"/> has given them.</param>
    public static SupervisorCounts Of(ImmutableArray<WorkerStatus> workers)
    {
        int busy = 0, idle = 0, starting = 0, draining = 0, spare = 0, backingOff = 0, crashLooping = 0;
        foreach (var worker in workers)
        {
            switch (worker.State)
            {
                case SlotState.Ready when worker.IsSpare:
                    spare++;
                    break;
                case SlotState.Ready when worker.RunningTasks > 0:
                    busy++;
                    break;
                case SlotState.Ready:
                    idle++;
                    break;
                case SlotState.Starting:
                    starting++;
                    break;
                case SlotState.Draining or SlotState.Stopping:
                    draining++;
                    break;
                case SlotState.BackingOff:
                    backingOff++;
                    break;
                case SlotState.CrashLooping:
                    crashLooping++;
                    break;
                case SlotState.Empty or SlotState.Stopped:
                    break;
                default:
                    throw new ArgumentOutOfRangeException(nameof(workers), worker.State, $"nobody counts worker {worker.Id}");
            }
        }

        return new SupervisorCounts
        {
            Busy = busy,
            Idle = idle,
            Starting = starting,
            Draining = draining,
            Spare = spare,
            BackingOff = backingOff,
            CrashLooping = crashLooping,
        };
    }
}
