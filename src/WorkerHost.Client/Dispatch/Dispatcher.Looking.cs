using System.Collections.Immutable;

namespace WorkerHost.Client;

/// <summary>What people are told when they ask where something is. Nothing is decided here.</summary>
internal sealed partial class Dispatcher
{
    /// <summary>The task of this id. It goes through all that there are: for people, not for programs. Null: there is none.</summary>
    public TaskEntry? Find(string id)
    {
        var isOwn = id.StartsWith(options.IdPrefix, StringComparison.Ordinal)
            && id.Length > options.IdPrefix.Length + 1
            && id[options.IdPrefix.Length] == '-'
            && ulong.TryParse(id.AsSpan(options.IdPrefix.Length + 1), out _);
        foreach (var entry in Everything())
        {
            // Ids that are made up are written out only where the question is about one.
            if (entry.OwnId is { } own ? own == id : isOwn && entry.IdWith(options.IdPrefix) == id)
            {
                return entry;
            }
        }

        return null;
    }

    public TaskPicture PictureOf(TaskEntry entry)
    {
        var isThere = entry is { Phase: TaskPhase.Sent, Endpoint: not null };
        return new TaskPicture
        {
            Id = entry.IdWith(options.IdPrefix),
            Task = entry.Task,
            Phase = entry.Phase,
            Attempt = entry.Attempt,
            MaxAttempts = entry.MaxAttempts,
            Worker = isThere ? entry.Endpoint!.Worker.Id : null,
            IsRunning = isThere && entry.Written && entry.Endpoint!.InLaneOrder().Take(entry.Endpoint.Concurrency).Contains(entry),
            SentAt = isThere && entry.SentAt != 0 ? options.TimeOf(entry.SentAt) : null,
            Stop = entry.Stop,
            IsSuspect = entry.IsSuspect,
            IsCompleted = entry.Completed,
            LastFailure = entry.LastFailure,
        };
    }

    public ImmutableArray<EndpointPicture> Pictures() => [.. endpoints.Select(endpoint => new EndpointPicture
    {
        Worker = endpoint.Worker.Id,
        Concurrency = endpoint.Concurrency,
        TakesTasks = endpoint.TakesTasks,
        Obstacle = ObstacleOf(endpoint),
        Tasks = [.. endpoint.InLaneOrder().Select(PictureOf)],
    })];

    private IEnumerable<TaskEntry> Everything() =>
        endpoints.SelectMany(static endpoint => endpoint.InFlight.InOrder()).Concat(suspects.All()).Concat(retrying).Concat(queue.All());

    private string? ObstacleOf(EndpointState endpoint) => endpoint switch
    {
        { TakesTasks: true } => null,
        { KillOrdered: true } => "it is being killed",
        { Ended: true } => $"its session has ended ({endpoint.EndReason})",
        { Open: false } => "it is leaving",
        { Reserved: true } => "it is a spare",
        { TasksLeft: <= 0 } => $"it has had its {endpoint.Worker.MaxTasks} tasks ({options.Names["Recycling.MaxTasks"]}) and is about to be replaced",
        { HasSuspect: true } => "it runs a task alone, because a worker died while that task ran",
        { Emptying: true } => "it is kept for a task that is to run alone, because a worker died while that task ran",
        { Overdue: > 0 } => "a task in it did not heed its stop, and it is killed as soon as its other tasks have ended",
        { Resting: true } => "it has just refused a task and is asked again in a moment",
        _ => "it takes no tasks at the moment",
    };
}
