using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using WorkerHost.Client;
using WorkerHost.Supervision;

namespace WorkerHost.Sidecar.Admin.Metrics;

/// <summary>
/// Listens to the meters of pools and supervisors for <c>/metrics</c>. Counters count from the start; how long tasks take is measured
/// from the first question on, because measuring costs every task something and nobody may ever ask. Thread-safe.
/// </summary>
internal sealed class MetricsListener : IDisposable
{
    /// <summary>Of one instrument at most: names of tasks come from callers, and a caller who makes them up must not fill the memory.</summary>
    private const int MostSeries = 2000;

    /// <summary>In seconds: from a task that only echoes to one that takes a coffee.</summary>
    private static readonly double[] Bounds = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

    private static readonly string[] Meters = [PoolMeter.Name, SupervisionMeter.Name];

    private readonly Lock gate = new();
    private readonly Lock answering = new();
    private readonly MeterListener listener = new();
    private readonly ProcessMeter process = new();
    private readonly List<Instrument> slow = [];
    private readonly ConcurrentDictionary<Instrument, Instrumented> instruments = [];
    private bool isAsked;

    public MetricsListener()
    {
        listener.InstrumentPublished = Published;
        listener.SetMeasurementEventCallback<long>(static (_, value, attributes, state) => ((Instrumented)state!).Take(value, attributes));
        listener.SetMeasurementEventCallback<double>(static (_, value, attributes, state) => ((Instrumented)state!).Take(value, attributes));
    }

    /// <summary>Counters count from here on.</summary>
    public void Start() => listener.Start();

    /// <summary>Everything as it is now, in the text that Prometheus reads.</summary>
    public string Collect()
    {
        // One at a time: what is observed belongs to one answer. What is asked here is our own, and waits for nobody.
        lock (answering)
        {
            foreach (var instrument in Late())
            {
                Listen(instrument);
            }

            foreach (var instrument in instruments.Values)
            {
                instrument.Observed.Clear();
            }

            listener.RecordObservableInstruments();
            return MetricsText.Write(instruments.Values.OrderBy(static i => i.Name, StringComparer.Ordinal));
        }
    }

    public void Dispose()
    {
        listener.Dispose();
        process.Dispose();
    }

    private void Published(Instrument instrument, MeterListener _)
    {
        if (!Meters.Contains(instrument.Meter.Name) && instrument.Meter != process.Meter)
        {
            return;
        }

        lock (gate)
        {
            if (instrument is Histogram<double> && instrument.Meter.Name == PoolMeter.Name && !isAsked)
            {
                slow.Add(instrument);
                return;
            }
        }

        Listen(instrument);
    }

    /// <summary>What nobody has asked for until now.</summary>
    private Instrument[] Late()
    {
        lock (gate)
        {
            isAsked = true;
            Instrument[] late = [.. slow];
            slow.Clear();
            return late;
        }
    }

    private void Listen(Instrument instrument)
    {
        if (instruments.TryAdd(instrument, new Instrumented(instrument)))
        {
            listener.EnableMeasurementEvents(instrument, instruments[instrument]);
        }
    }

    /// <summary>One instrument and what it has said.</summary>
    internal sealed class Instrumented(Instrument instrument)
    {
        private readonly ConcurrentDictionary<SeriesKey, CountedSeries> counted = new();
        private readonly ConcurrentDictionary<SeriesKey, RecordedSeries> recorded = new();
        private string[] attributeNames = [];

        public Instrument Instrument => instrument;

        public string Name => instrument.Name;

        public double[] UpTo => Bounds;

        public string[] AttributeNames => attributeNames;

        public bool IsHistogram => instrument is Histogram<double>;

        public bool IsCounter => instrument is Counter<long> or ObservableCounter<long> or ObservableCounter<double>;

        /// <summary>Of this answer; only an observable instrument has any. Who is gone is not observed any more.</summary>
        public List<(SeriesKey Key, double Value)> Observed { get; } = [];

        public IEnumerable<(SeriesKey Key, double Value)> Values =>
            Observed.Concat(counted.Select(static series => (series.Key, (double)series.Value.Count)));

        public IEnumerable<KeyValuePair<SeriesKey, RecordedSeries>> Recorded => recorded;

        public void Take(double value, ReadOnlySpan<KeyValuePair<string, object?>> attributes)
        {
            if (attributes.Length > attributeNames.Length)
            {
                attributeNames = [.. attributes[..Math.Min(attributes.Length, SeriesKey.Most)].ToArray().Select(static a => a.Key)];
            }

            var key = SeriesKey.Of(attributes);
            if (instrument.IsObservable)
            {
                Observed.Add((key, value));
            }
            else if (IsHistogram)
            {
                Series(recorded, key, static () => new RecordedSeries(Bounds.Length)).Record(value, Bounds);
            }
            else
            {
                Series(counted, key, static () => new CountedSeries()).Add((long)value);
            }
        }

        private static T Series<T>(ConcurrentDictionary<SeriesKey, T> all, SeriesKey key, Func<T> make)
        {
            if (all.TryGetValue(key, out var series))
            {
                return series;
            }

            // The second attribute is the task's name where there is one.
            return all.Count < MostSeries ? all.GetOrAdd(key, static (_, m) => m(), make) : all.GetOrAdd(key with { Second = "(other)" }, static (_, m) => m(), make);
        }
    }
}
