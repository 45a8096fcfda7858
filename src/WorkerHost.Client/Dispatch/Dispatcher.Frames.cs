namespace WorkerHost.Client;

/// <summary>
/// What goes into the next frame to an endpoint. A task too large for half a frame goes ahead in pieces, one such task
/// after the other, in the half of every frame that is theirs: nothing small waits behind it. With its last piece it
/// takes its place among the tasks of the endpoint, so that these begin in the order of their sequences; until then it
/// counts as not written, and so as never started.
/// </summary>
internal sealed partial class Dispatcher
{
    /// <summary>Tags, numbers and lengths of a piece.</summary>
    private const int PieceOverhead = 48;

    /// <summary>What the transport may write now, at most <paramref name="maxBytes"/> unless one task alone is larger.</summary>
    /// <returns>False: there was nothing; the pump stops until the next Pump action.</returns>
    public bool TakeFrame(EndpointState endpoint, int maxBytes, FrameContent frame, long now)
    {
        var bytes = 0;
        while (endpoint.Outbox.TryPeek(out var place))
        {
            var entry = place.Entry;
            if (!IsHeld(endpoint, place))
            {
                endpoint.Outbox.Dequeue();
                continue;
            }

            var size = entry.WireBytes;
            if (endpoint.TakesPieces && size > maxBytes / 2)
            {
                endpoint.Uploads.Enqueue(endpoint.Outbox.Dequeue());
                continue;
            }

            if (frame.Tasks.Count > 0 && bytes + size > (endpoint.Uploads.Count > 0 ? maxBytes / 2 : maxBytes))
            {
                break;
            }

            bytes += size;
            endpoint.Outbox.Dequeue();
            frame.Tasks.Add(entry);
            MarkWritten(entry, now);
        }

        if (endpoint.Uploads.Count > 0)
        {
            TakePieces(endpoint, maxBytes - bytes, frame, now);
        }

        frame.Cancels.AddRange(endpoint.Cancels);
        endpoint.Cancels.Clear();
        frame.CallCancels.AddRange(endpoint.CallCancels);
        endpoint.CallCancels.Clear();
        frame.Recalls.AddRange(endpoint.Recalls);
        endpoint.Recalls.Clear();
        frame.Grants.AddRange(endpoint.Grants);
        endpoint.Grants.Clear();
        TellWhatWasSeen(endpoint, frame);
        endpoint.PumpWanted = !frame.IsEmpty;
        return endpoint.PumpWanted;
    }

    private static bool IsHeld(EndpointState endpoint, (TaskEntry Entry, ulong Sequence) place) =>
        place.Entry.Endpoint == endpoint && place.Entry.Sequence == place.Sequence && place.Entry is { Written: false, Phase: TaskPhase.Sent };

    private void MarkWritten(TaskEntry entry, long now)
    {
        entry.Written = true;
        if (entry.Carried)
        {
            WrittenAgain(entry);
        }
        else
        {
            entry.SentAt = now;
        }

        if (entry.Charge == 0)
        {
            // It is there now.
            var endpoint = entry.Endpoint!;
            endpoint.Travelling--;
            entry.Charge = ChargeOf(entry);
            endpoint.Backlog += entry.Charge;
        }
    }

    private void TakePieces(EndpointState endpoint, int room, FrameContent frame, long now)
    {
        while (frame.Uploaded is null && endpoint.Uploads.TryPeek(out var place))
        {
            var (entry, data) = (place.Entry, place.Entry.Data);
            if (!IsHeld(endpoint, place))
            {
                if (endpoint.UploadedBytes > 0)
                {
                    frame.Pieces.Add(new PayloadPiece(endpoint.UploadNumber, 0, default, 0));
                }

                NextUpload(endpoint);
                continue;
            }

            var left = data.Length - endpoint.UploadedBytes;
            if (entry.WireBytes - endpoint.UploadedBytes <= room || left == 0)
            {
                TakeItsPlace(endpoint, entry);
                MarkWritten(entry, now);
                frame.AddUploaded(entry, new PayloadPiece(endpoint.UploadNumber, endpoint.UploadedBytes, data[endpoint.UploadedBytes..], data.Length));
                NextUpload(endpoint);
                return;
            }

            var length = ProtocolLimits.ChunkOf(left, room - PieceOverhead);
            if (length == 0)
            {
                return;
            }

            frame.Pieces.Add(new PayloadPiece(endpoint.UploadNumber, endpoint.UploadedBytes, data.Slice(endpoint.UploadedBytes, length), data.Length));
            endpoint.UploadedBytes += length;
            room -= length + PieceOverhead;
        }
    }

    private static void NextUpload(EndpointState endpoint)
    {
        endpoint.Uploads.Dequeue();
        endpoint.UploadNumber++;
        endpoint.UploadedBytes = 0;
    }

    /// <summary>Behind everything that was written, before everything that waits to be: sequences rise on the wire.</summary>
    private static void TakeItsPlace(EndpointState endpoint, TaskEntry entry)
    {
        Renumber(endpoint, entry);
        for (var waiting = endpoint.Outbox.Count; waiting > 0; waiting--)
        {
            var place = endpoint.Outbox.Dequeue();
            if (IsHeld(endpoint, place))
            {
                Renumber(endpoint, place.Entry);
                endpoint.Outbox.Enqueue((place.Entry, place.Entry.Sequence));
            }
        }
    }

    private static void Renumber(EndpointState endpoint, TaskEntry entry)
    {
        endpoint.InFlight.Remove(entry);
        endpoint.LastSequence = endpoint.InFlight.Add(entry, endpoint.LastSequence);
    }
}
