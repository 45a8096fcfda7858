using System.Diagnostics;

namespace WorkerHost.Client;

/// <summary>
/// One task as traces and histograms see it: made at its submission while somebody listens, and null otherwise, so that
/// nobody else pays. A span for the task, and below it one per attempt, the attempt that died included; the attempt's
/// context travels to the worker in the task's headers. Listeners are the user's code: they are called outside the
/// dispatcher's gate, and what they throw is nobody's affair. Thread-safe.
/// </summary>
internal sealed class TaskTrace
{
    public const string TraceParent = "traceparent";

    public const string TraceState = "tracestate";

    /// <summary>W3C's own bound; a longer state may be dropped by whoever passes it on.</summary>
    private const int LongestState = 512;

    private static readonly ActivitySource Source = new(PoolMeter.Name, typeof(TaskTrace).Assembly.GetName().Version?.ToString(3));

    private readonly string pool;
    private readonly string task;
    private readonly TimeProvider time;
    private readonly long submittedAt;
    private Activity? span;
    private Activity? attempt;
    private int written;
    private int ended;

    private TaskTrace(string pool, string task, TimeProvider time)
    {
        this.pool = pool;
        this.task = task;
        this.time = time;
        submittedAt = time.GetTimestamp();
    }

    /// <summary>False: only its durations are measured.</summary>
    public bool HasSpan => span is not null;

    /// <summary>At most so many bytes in a frame: two more headers.</summary>
    public int WireBytes => span is null ? 0 : 128 + 3 * Math.Min(LongestState, span.TraceStateString?.Length ?? 0);

    /// <summary>Null while nobody listens. In a trace of the caller's: the one in the task's headers, else the current one.</summary>
    /// <param name="pool">The task's.</param>
    /// <param name="entry">The task.</param>
    /// <param name="time">The clock.</param>
    /// <param name="isHosted">It came from a client elsewhere: nothing here is its caller's.</param>
    public static TaskTrace? Begin(PoolIdentity pool, TaskEntry entry, TimeProvider time, bool isHosted = false)
    {
        if (!Source.HasListeners())
        {
            return PoolMeter.MeasuresTasks ? new TaskTrace(pool.Name, entry.Task, time) : null;
        }

        var trace = new TaskTrace(pool.Name, entry.Task, time);
        var headers = entry.Options.Headers;
        ActivityContext parent = default;
        if (headers is not null && headers.TryGetValue(TraceParent, out var traceParent))
        {
            headers.TryGetValue(TraceState, out var traceState);
            ActivityContext.TryParse(traceParent, traceState, isRemote: true, out parent);
        }

        if (parent == default && !isHosted)
        {
            parent = Activity.Current?.Context ?? default;
        }

        trace.span = trace.Start("task", isHosted ? ActivityKind.Server : ActivityKind.Producer, parent);
        trace.span?.SetTag("workerhost.task.id", pool.IdOf(entry));
        return trace;
    }

    /// <summary>The transport is about to write the task. Called before it does, outside the gate.</summary>
    public void Written(TaskEntry entry, EndpointState endpoint)
    {
        if (Interlocked.Exchange(ref written, 1) == 0)
        {
            PoolMeter.Waited(pool, task, time.GetElapsedTime(submittedAt));
        }

        if (span is null)
        {
            return;
        }

        var next = Start("attempt", ActivityKind.Client, span.Context);
        next?.SetTag("workerhost.task.attempt", entry.Attempt);
        next?.SetTag("workerhost.worker.id", endpoint.Worker.Id.ToString());
        next?.SetTag("process.pid", endpoint.Worker.Pid);

        // One that is still open was given back unstarted: nothing of it has run.
        End(Interlocked.Exchange(ref attempt, next), null, "never_started");
    }

    /// <summary>Puts the context of the attempt into the task's headers.</summary>
    public void Inject(IDictionary<string, string> headers)
    {
        if ((Volatile.Read(ref attempt) ?? span) is not { } context)
        {
            return;
        }

        headers[TraceParent] = $"00-{context.TraceId}-{context.SpanId}-{(context.Recorded ? "01" : "00")}";
        if (context.TraceStateString is { Length: > 0 and <= LongestState } state)
        {
            headers[TraceState] = state;
        }
        else
        {
            headers.Remove(TraceState);
        }
    }

    /// <summary>The attempt has ended, if one was under way; nothing of it runs any more.</summary>
    public void AttemptEnded(TaskFailure? failure) => End(Interlocked.Exchange(ref attempt, null), failure, null);

    /// <summary>
    /// Nothing of the task runs any more. An attempt that is still open was stopped after the caller had been told; if it
    /// was lost with its worker, that is its end.
    /// </summary>
    public void AttemptEnded(TaskEntry entry)
    {
        var lost = entry.PastAttempts is [.., { Failure: { } failure } last] && last.Number == entry.Attempt ? failure : null;
        End(Interlocked.Exchange(ref attempt, null), lost, entry.Stop == StopReason.Expired ? "deadline_exceeded" : "cancelled");
    }

    /// <summary>The caller is about to be told the task's one outcome.</summary>
    public void Ended(in AttemptOutcome outcome)
    {
        if (Interlocked.Exchange(ref ended, 1) == 0)
        {
            PoolMeter.Ended(pool, task, outcome, time.GetElapsedTime(submittedAt));
            End(span, outcome.Failure, outcome.Error?.GetType().FullName);
        }
    }

    private Activity? Start(string what, ActivityKind kind, ActivityContext parent)
    {
        // Starting makes a span the current one of the caller, who has nothing to do with it.
        var around = Activity.Current;
        Activity? started = null;
        try
        {
            Activity.Current = null;
            started = Source.StartActivity($"{what} {task}", kind, parent, [new(PoolMeter.Pool, pool), new(PoolMeter.Task, task)]);
        }
        catch (Exception)
        {
            // A listener of the user's threw: the task goes on all the same.
        }

        Activity.Current = around;
        return started;
    }

    private static void End(Activity? ending, TaskFailure? failure, string? error)
    {
        if (ending is null)
        {
            return;
        }

        if (failure is not null)
        {
            ending.SetTag("error.type", PoolMeter.Text(failure.Kind));
            ending.SetStatus(ActivityStatusCode.Error, failure.Message);
            if (failure.Deaths is { IsDefaultOrEmpty: false } deaths)
            {
                ending.SetTag("workerhost.worker.death.report", deaths[^1].ToString());
            }
        }
        else if (error is not null)
        {
            ending.SetTag("error.type", error);
            ending.SetStatus(ActivityStatusCode.Error);
        }

        var around = Activity.Current;
        try
        {
            ending.Stop();
        }
        catch (Exception)
        {
            // A listener of the user's threw: the task goes on all the same.
        }

        Activity.Current = around;
    }
}
