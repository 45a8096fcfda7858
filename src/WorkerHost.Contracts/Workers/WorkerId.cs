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
    /// <summary>The form used in logs, messages and on the wire: <c>pool/slot#incarnation</c>.</summary>
    public override string ToString() => $"{Pool}/{Slot}#{Incarnation}";
}
