using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace WorkerHost;

/// <summary>
/// What is alive of one kind in this process and has figures for whoever collects: instruments belong to the process, what
/// they tell of comes and goes. Thread-safe.
/// </summary>
internal sealed class Metered<T>
    where T : class
{
    private readonly ConcurrentDictionary<T, byte> alive = new();

    /// <summary>From now on its figures are there for whoever collects.</summary>
    public void Add(T one) => alive.TryAdd(one, 0);

    public void Remove(T one) => alive.TryRemove(one, out _);

    /// <summary>For an observable instrument: all figures of all.</summary>
    public IEnumerable<Measurement<long>> Observe(Func<T, IEnumerable<Measurement<long>>> look) => alive.Keys.SelectMany(look);
}
