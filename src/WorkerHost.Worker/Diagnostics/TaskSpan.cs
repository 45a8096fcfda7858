using System.Diagnostics;

namespace WorkerHost.Worker;

/// <summary>
/// The handler's span, current while it runs, below the attempt whose context came in the task's headers. Nobody pays for
/// it while nobody listens to the source; what a listener throws is not the task's failure.
/// </summary>
internal static class TaskSpan
{
    public const string SourceName = "WorkerHost.Worker";

    private static readonly ActivitySource Source = new(SourceName, typeof(TaskSpan).Assembly.GetName().Version?.ToString(3));

    public static Activity? Begin(TaskRun run)
    {
        if (!Source.HasListeners())
        {
            return null;
        }

        try
        {
            var headers = run.Headers;
            headers.TryGetValue("tracestate", out var state);
            ActivityContext.TryParse(headers.GetValueOrDefault("traceparent"), state, isRemote: true, out var parent);
            return Source.StartActivity($"run {run.Task}", ActivityKind.Server, parent,
            [
                new("workerhost.pool.name", run.Worker.Pool),
                new("workerhost.task.name", run.Task),
                new("workerhost.task.id", run.Id),
                new("workerhost.task.attempt", run.Attempt),
                new("workerhost.worker.id", run.Worker.ToString()),
            ]);
        }
        catch (Exception)
        {
            return null;
        }
    }

    public static void End(Activity? span, V1.TaskFailure? failure)
    {
        if (span is null)
        {
            return;
        }

        try
        {
            if (failure is not null)
            {
                span.SetTag("error.type", failure.Error is { Type.Length: > 0 } error ? error.Type : AttributeText.Of(failure.Kind));
                span.SetStatus(ActivityStatusCode.Error, failure.Message);
            }

            span.Stop();
        }
        catch (Exception)
        {
            // See above.
        }
    }
}
