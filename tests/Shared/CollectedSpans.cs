using System.Diagnostics;

namespace WorkerHost;

/// <summary>The ended spans of some sources, collected as an exporter does it.</summary>
internal sealed class CollectedSpans : IDisposable
{
    private readonly Lock gate = new();
    private readonly List<Activity> spans = [];
    private readonly ActivityListener listener;

    public CollectedSpans(params string[] sources)
    {
        listener = new ActivityListener
        {
            ShouldListenTo = s => sources.Contains(s.Name),
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = span =>
            {
                lock (gate)
                {
                    spans.Add(span);
                }
            },
        };
        ActivitySource.AddActivityListener(listener);
    }

    /// <summary>Those with this tag, in the order of their ends.</summary>
    public IReadOnlyList<Activity> With(string tag, object value)
    {
        lock (gate)
        {
            return [.. spans.Where(s => value.Equals(s.GetTagItem(tag)))];
        }
    }

    public void Dispose() => listener.Dispose();
}
