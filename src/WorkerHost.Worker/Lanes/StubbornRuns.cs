using Microsoft.Extensions.Logging;

namespace WorkerHost.Worker;

/// <summary>From the cancellation of a token until its lane is given up.</summary>
/// <param name="Cancelled">After a cancellation by the caller.</param>
/// <param name="Expired">After the time limit.</param>
internal sealed record StopGraces(TimeSpan Cancelled, TimeSpan Expired);

/// <summary>
/// What becomes of a handler that does not heed its stop where no process can be killed: after the grace its thread is left to it, the task is
/// answered for, and another thread takes its place in the lane. At most as many threads as there are lanes are left so at the same time; beyond
/// that lanes wait for their handlers, or whoever calls what hangs would fill the process with threads. Thread-safe.
/// </summary>
internal sealed partial class StubbornRuns(WorkerCore core, StopGraces graces) : IDisposable
{
    /// <summary>How soon it is looked again whether another thread has come back: also where the grace is none.</summary>
    private static readonly TimeSpan LeastPause = TimeSpan.FromMilliseconds(100);

    private readonly Lock gate = new();
    private readonly HashSet<Watched> watching = [];
    private int left;

    /// <summary>The run was asked to stop just now. Called outside of locks.</summary>
    public void Watch(TaskRun run, StopCause cause) => Watch(run, cause, GraceAfter(cause));

    public void Dispose()
    {
        lock (gate)
        {
            foreach (var watched in watching)
            {
                watched.Dispose();
            }

            watching.Clear();
        }
    }

    private TimeSpan GraceAfter(StopCause cause) => cause == StopCause.TimeLimit ? graces.Expired : graces.Cancelled;

    private void Watch(TaskRun run, StopCause cause, TimeSpan grace)
    {
        var watched = new Watched(this, run, cause);
        lock (gate)
        {
            watching.Add(watched);
        }

        watched.Begin(core.Time, grace);
    }

    private void GraceOver(Watched watched, TaskRun run, StopCause cause)
    {
        lock (gate)
        {
            if (!watching.Remove(watched))
            {
                return;
            }
        }

        watched.Dispose();
        if (Interlocked.Increment(ref left) > core.Launch.Concurrency)
        {
            Interlocked.Decrement(ref left);
            if (core.Queue.IsRunning(run))
            {
                // One of the others may end.
                var grace = GraceAfter(cause);
                Watch(run, cause, grace > LeastPause ? grace : LeastPause);
            }

            return;
        }

        if (core.Queue.GiveUp(run, () => Interlocked.Decrement(ref left)) is not { } lane)
        {
            Interlocked.Decrement(ref left);
            return;
        }

        core.Replace(lane).Start();
        Log.GivenUp(core.Logger, run.Task, run.Id, lane.Index, Volatile.Read(ref left), core.Launch.Concurrency);
        run.Complete(TaskEnd.FailedWith(TaskFailures.GivenUp(run, cause)), hurry: false);
    }

    private sealed class Watched(StubbornRuns owner, TaskRun run, StopCause cause) : IDisposable
    {
        private ITimer? timer;

        public void Begin(TimeProvider time, TimeSpan grace) =>
            timer = time.CreateTimer(static watched => ((Watched)watched!).GraceOver(), this, grace, Timeout.InfiniteTimeSpan);

        public void Dispose() => timer?.Dispose();

        private void GraceOver() => owner.GraceOver(this, run, cause);
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "task {Task} ({Id}) did not heed its stop; its thread in lane {Lane} is left to it, since a thread cannot be killed, and another takes its place ({Left} of at most {Most} left so)")]
        public static partial void GivenUp(ILogger logger, string task, string id, int lane, int left, int most);
    }
}
