using Microsoft.Extensions.Logging;

namespace WorkerHost.Worker;

/// <summary>
/// One place where handlers run, on a thread of its own: user code that blocks stops its lane and nothing else. An
/// asynchronous handler keeps the lane until its task is done.
/// </summary>
internal sealed partial class Lane
{
    private readonly LaneQueue queue;
    private readonly WorkerCore core;
    private readonly LanePark park = new();
    private readonly Thread thread;
    private ITimer? timer;
    private bool timerArmed;

    public Lane(int index, LaneQueue queue, WorkerCore core)
    {
        Index = index;
        this.queue = queue;
        this.core = core;
        thread = new Thread(Loop) { Name = $"workerhost lane {index}", IsBackground = true };
    }

    public int Index { get; }

    /// <summary>The next in the queue's list of idle lanes; guarded by the queue's lock.</summary>
    public Lane? NextIdle { get; set; }

    /// <summary>What it runs; guarded by the queue's lock.</summary>
    public TaskRun? Current { get; private set; }

    /// <summary>Not null: its place was given to another, and its thread ends when its handler has; guarded by the queue's lock.</summary>
    public Action? WhenLeft { get; set; }

    /// <summary>
    /// Serves one run after the other until one of them was cancelled: a source per task would cost more than the rest of
    /// an empty task. Guarded by the queue's lock.
    /// </summary>
    public CancellationTokenSource Source { get; private set; } = new();

    public CancellationToken Token => Source.Token;

    // No flow of the starter's context: every task begins with an empty one.
    public void Start() => thread.UnsafeStart();

    public void Park() => park.Park();

    public void Wake() => park.Wake();

    /// <summary>Under the queue's lock: the run before is over.</summary>
    public void Leave()
    {
        if (Current is not { } run)
        {
            return;
        }

        run.State = RunState.Done;
        Current = null;
        if (run.Cause != StopCause.None || !Source.TryReset())
        {
            Source = new CancellationTokenSource();
        }
    }

    /// <summary>Under the queue's lock.</summary>
    public void Enter(TaskRun run) => Current = run;

    /// <summary>Sets off <see cref="LaneQueue.Expire"/> when the run's time limit passes.</summary>
    public void ArmTimer(TaskRun run)
    {
        timer ??= core.Time.CreateTimer(
            static lane => ((Lane)lane!).queue.Expire((Lane)lane), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

        // Timers count in whole milliseconds; one that fires early finds the limit not yet passed and is armed again.
        var left = core.Time.GetElapsedTime(core.Time.GetTimestamp(), run.Deadline);
        timer.Change(left > TimeSpan.Zero ? TimeSpan.FromMilliseconds(Math.Ceiling(left.TotalMilliseconds)) : TimeSpan.Zero, Timeout.InfiniteTimeSpan);
        timerArmed = true;
    }

    private void Loop()
    {
        var empty = ExecutionContext.Capture();
        while (queue.Take(this, out var more) is { } run)
        {
            if (run.State == RunState.Removed)
            {
                Answer(run, TaskEnd.FailedWith(TaskFailures.TimeLimitPassed(run, started: false)), !more);
                continue;
            }

            if (empty is not null)
            {
                // What a handler left in AsyncLocals is not the next task's.
                ExecutionContext.Restore(empty);
            }

            Execute(run, more);
        }

        timer?.Dispose();
        WhenLeft?.Invoke();
    }

    private void Execute(TaskRun run, bool more)
    {
        if (run.Deadline != 0)
        {
            ArmTimer(run);
        }

        run.Began();
        var span = TaskSpan.Begin(run);
        TaskEnd end;
        try
        {
            core.Tap?.Begins(run, Source.Token);
            var result = run.Handler!.Run(run, Source.Token);
            end = result.Data.Length > core.MaxMessageBytes
                ? TaskEnd.FailedWith(TaskFailures.ResultTooLarge(run, result.Data.Length, core.MaxMessageBytes), ServiceTime(run))
                : new TaskEnd { Data = result.Data, ContentType = result.ContentType, ServiceMicroseconds = ServiceTime(run), Answer = run.Answer };
        }
        catch (Exception e)
        {
            end = TaskEnd.FailedWith(Explain(run, e), ServiceTime(run), run.Answer);
        }

        if (run.HasScope)
        {
            end = EndScope(run, end);
        }

        TaskSpan.End(span, end.Failure);
        if (timerArmed)
        {
            timer!.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            timerArmed = false;
        }

        core.Tap?.Ends(run);
        core.Finished(Index);
        Answer(run, end, !more);
    }

    // What its services do at their end is part of the task: a unit of work that cannot be committed has failed.
    private TaskEnd EndScope(TaskRun run, in TaskEnd end)
    {
        try
        {
            run.DisposeScope();
            return end;
        }
        catch (Exception e)
        {
            return end.Failure is null ? TaskEnd.FailedWith(Explain(run, e), ServiceTime(run)) : end;
        }
    }

    private static V1.TaskFailure Explain(TaskRun run, Exception exception) => exception switch
    {
        BadInputException e => TaskFailures.BadInput(run, e.Message),
        ResultNotWritableException e => TaskFailures.ResultNotWritable(run, e.InnerException!),
        ItemTooLargeException e => TaskFailures.ItemTooLarge(run, e.Size, run.MaxResultBytes),
        _ when run.Cause == StopCause.TimeLimit && IsCancellation(exception) => TaskFailures.TimeLimitPassed(run, started: true),
        _ when run.Cause == StopCause.Caller && IsCancellation(exception) => TaskFailures.Cancelled(run, started: true),
        _ => TaskFailures.FromHandler(run, exception),
    };

    // task.Wait() and task.Result in a handler wrap the cancellation.
    private static bool IsCancellation(Exception exception) => exception switch
    {
        OperationCanceledException => true,
        AggregateException aggregate => aggregate.Flatten().InnerExceptions.All(e => e is OperationCanceledException),
        _ => false,
    };

    private void Answer(TaskRun run, in TaskEnd end, bool hurry)
    {
        try
        {
            run.Complete(end, hurry);
        }
        catch (Exception e)
        {
            // Nobody's fault but ours; the lane must live on.
            Log.NotAnswered(core.Logger, e, run.Task, run.Id);
        }
    }

    private ulong ServiceTime(TaskRun run) => (ulong)(core.Time.GetElapsedTime(run.StartedAt).Ticks / TimeSpan.TicksPerMicrosecond);

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "the outcome of task {Task} ({Id}) could not be handed over")]
        public static partial void NotAnswered(ILogger logger, Exception exception, string task, string id);
    }
}
