using WorkerHost.V1;

namespace WorkerHost.Worker;

/// <summary>Room for payloads that come in pieces. The reader's own: where there is none, it reads no further.</summary>
internal sealed partial class TaskSession
{
    private long piecesHeld;

    /// <summary>The call it came by; null: none that is known. Only until the session is open.</summary>
    public Microsoft.AspNetCore.Http.HttpContext? Call { get; init; }

    /// <summary>What the core knows of whoever is at the other end; null: nothing.</summary>
    public object? Peer { get; set; }

    // All of a payload at its first piece: whoever has begun one needs nothing more for it.
    private async ValueTask RoomForPiecesAsync(SessionRequest frame, CancellationToken cancellationToken)
    {
        long bytes = 0;
        foreach (var piece in frame.Chunks)
        {
            if (piece is { Abandoned: false, Offset: 0 } && piece.TotalBytes <= (ulong)core.MaxMessageBytes && !uploads.Has(piece.Sequence))
            {
                bytes += (long)piece.TotalBytes;
            }
        }

        if (bytes > 0)
        {
            await core.RoomForPiecesAsync(this, bytes, cancellationToken).ConfigureAwait(false);
            piecesHeld += bytes;
        }
    }

    private void GiveRoomOfPieces(long left)
    {
        if (piecesHeld > 0)
        {
            core.PieceCame(this);
        }

        if (piecesHeld > left)
        {
            core.PiecesGone(this, piecesHeld - left);
            piecesHeld = left;
        }
    }
}
