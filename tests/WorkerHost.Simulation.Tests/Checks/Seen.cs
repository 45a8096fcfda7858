namespace WorkerHost.Simulation.Tests;

/// <summary>What has happened in a schedule: a simulation in which something never happens proves nothing about it.</summary>
internal static class Seen
{
    public static IEnumerable<string> In(World world)
    {
        foreach (var task in world.Tasks)
        {
            yield return task.Told is { } failure ? $"{failure.Kind}{(failure.Verdict is { } verdict ? $" {verdict}" : "")}" : "a result";
            if (task.Entry.Attempt > 1 && task.Told is null)
            {
                yield return "a result after another attempt";
            }

            if (task.MustRunAlone)
            {
                yield return task.Told is null ? "a suspect cleared" : "a suspect";
            }
        }

        foreach (var process in world.Processes)
        {
            if (process.Cause is { } cause)
            {
                yield return $"death by {cause}";
                yield return process.RanAtTheEnd switch
                {
                    0 => "death of an idle worker",
                    1 => "death of a worker with one task",
                    _ => "death of a worker with several tasks",
                };
            }

            if (process.Abandoned)
            {
                yield return "a worker given up";
            }

            if (process is { RejectAsked: true })
            {
                yield return "a worker without a session";
            }
        }

        if (world.Pool.Dispatcher.LateOutcomes > 0)
        {
            yield return "a late outcome";
        }

        if (world.Pool.Recalled > 0)
        {
            yield return "a task given back";
        }

        if (world.Pool.Refused > 0)
        {
            yield return "a refusal";
        }

        if (world.Supervisor.Crew.Generation > 1)
        {
            yield return world.Supervisor.Crew.FailedGeneration > 0 ? "a restart given up" : "a restart";
        }

        yield return $"ending {world.Plan.Ending}";
    }
}
