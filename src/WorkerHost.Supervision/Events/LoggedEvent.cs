using System.Collections;

namespace WorkerHost.Supervision;

/// <summary>An event as structured loggers want it: a text, and named values.</summary>
internal readonly struct LoggedEvent(SupervisorEvent what) : IReadOnlyList<KeyValuePair<string, object?>>
{
    public int Count => what.Worker is null ? 3 : 4;

    public KeyValuePair<string, object?> this[int index] => index switch
    {
        0 => new("Event", what),
        1 => new("Sequence", what.Sequence),
        2 => new("Pool", what.Pool),
        3 when what.Worker is { } worker => new("Worker", worker.ToString()),
        _ => throw new ArgumentOutOfRangeException(nameof(index), index, "not a value of a logged event"),
    };

    public IEnumerator<KeyValuePair<string, object?>> GetEnumerator()
    {
        for (var i = 0; i < Count; i++)
        {
            yield return this[i];
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    public override string ToString() => what.Text;
}
