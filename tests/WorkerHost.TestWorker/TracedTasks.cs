using System.Diagnostics;

namespace WorkerHost.TestWorker;

/// <summary>With <c>--traced</c> on the command line somebody listens to the spans of this worker.</summary>
internal static class TracedTasks
{
    public static void Map(WorkerApplication worker)
    {
        if (worker.Arguments.Contains("--traced"))
        {
            ActivitySource.AddActivityListener(new ActivityListener
            {
                ShouldListenTo = static s => s.Name == "WorkerHost.Worker",
                Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            });
        }

        worker.MapTask("current_span", static () => Current());

        // Says where it belongs, dies at its first try, and says it again at the second.
        worker.MapTask("current_span_then_die", static (string path) =>
        {
            if (!File.Exists(path))
            {
                File.WriteAllLines(path, Current());
                DyingTasks.Signal(DyingTasks.SIGKILL);
            }

            return Current();
        });
    }

    private static string[] Current() => Activity.Current is { } span
        ? [span.TraceId.ToString(), span.ParentSpanId.ToString(), span.DisplayName, span.TraceStateString ?? ""]
        : [];
}
