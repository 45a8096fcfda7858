using System.Globalization;

namespace WorkerHost;

/// <summary>
/// Names one worker: the pool, the slot it fills, and which filling of that slot it is. Nothing that belongs to one
/// incarnation may touch another. Printed as <c>images/2#7</c>.
/// </summary>
/// <param name="Pool">The pool's name.</param>
/// <param name="Slot">The slot, from 0.</param>
/// <param name="Incarnation">Which filling of the slot, from 1; 0 where the endpoint is not a supervised worker.</param>
public readonly record struct WorkerId(string Pool, int Slot, long Incarnation)
{
    /// <summary>Reads what <see cref="ToString"/> writes.</summary>
    internal static bool TryParse(string text, out WorkerId worker)
    {
        var (slash, hash) = (text.LastIndexOf('/'), text.LastIndexOf('#'));
        if (slash > 0
            && hash > slash
            && int.TryParse(text.AsSpan(slash + 1, hash - slash - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var slot)
            && long.TryParse(text.AsSpan(hash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var incarnation))
        {
            worker = new WorkerId(text[..slash], slot, incarnation);
            return true;
        }

        worker = default;
        return false;
    }

    /// <summary>The form used in logs, messages and on the wire: <c>pool/slot#incarnation</c>.</summary>
    public override string ToString() => $"{Pool}/{Slot}#{Incarnation}";
}
