using System.Diagnostics.Metrics;

namespace WorkerHost;

/// <summary>What one pool's instruments say, collected as an exporter does it.</summary>
internal sealed class Collected : IDisposable
{
    private readonly Lock gate = new();
    private readonly MeterListener listener = new();
    private readonly Dictionary<(string Instrument, string Attribute), double> sums = [];
    private readonly Dictionary<(string Instrument, string Attribute), int> recordings = [];
    private readonly string poolAttribute;
    private readonly string pool;

    public Collected(string meter, string poolAttribute, string pool)
    {
        this.poolAttribute = poolAttribute;
        this.pool = pool;
        listener.InstrumentPublished = (instrument, l) =>
        {
            if (instrument.Meter.Name == meter)
            {
                l.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Measured(instrument, value, tags));
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Measured(instrument, value, tags));
        listener.Start();
    }

    /// <summary>The sum over all attributes.</summary>
    public double this[string instrument]
    {
        get
        {
            lock (gate)
            {
                return sums.Where(s => s.Key.Instrument == instrument).Sum(s => s.Value);
            }
        }
    }

    /// <summary>Where an attribute has this value.</summary>
    public double this[string instrument, string attribute]
    {
        get
        {
            lock (gate)
            {
                return sums.GetValueOrDefault((instrument, attribute));
            }
        }
    }

    public int Recordings(string instrument)
    {
        lock (gate)
        {
            return recordings.Where(s => s.Key.Instrument == instrument).Sum(s => s.Value);
        }
    }

    /// <summary>Asks the observable ones.</summary>
    public void Collect()
    {
        lock (gate)
        {
            foreach (var key in sums.Keys.Where(k => !recordings.ContainsKey(k)).ToArray())
            {
                sums[key] = 0;
            }
        }

        listener.RecordObservableInstruments();
    }

    public void Dispose() => listener.Dispose();

    private void Measured(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        string? of = null;
        var attributes = new List<string>();
        foreach (var (name, attribute) in tags)
        {
            if (name == poolAttribute)
            {
                of = attribute as string;
            }
            else
            {
                attributes.Add($"{attribute}");
            }
        }

        if (of != pool)
        {
            return;
        }

        lock (gate)
        {
            var key = (instrument.Name, string.Join(' ', attributes));
            sums[key] = sums.GetValueOrDefault(key) + value;
            if (!instrument.IsObservable)
            {
                recordings[key] = recordings.GetValueOrDefault(key) + 1;
            }
        }
    }
}
