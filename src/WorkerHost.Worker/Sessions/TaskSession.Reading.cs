using Google.Protobuf;
using WorkerHost.V1;

namespace WorkerHost.Worker;

/// <summary>How tasks arrive: one reader, frame by frame.</summary>
internal sealed partial class TaskSession
{
    // The reader's own.
    private PartialPayloads uploads = new(0);
    private TaskRun?[] arrivals = [];
    private ulong lastSequence;

    // Beyond that results that nobody wants are sent all the same.
    private const int MostUnwanted = 65_536;

    // Outcomes that wait for the client to read those before them.
    private const int MostPending = 65_536;
    private const long MostPendingBytes = 64 * 1024 * 1024;

    // What a failure has beside the data that it has not, roughly.
    private const int FailureBytes = 1024;

    private long pendingBytes;
    private TaskCompletionSource? roomMade;

    private async Task ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (await NextFrameAsync(cancellationToken).ConfigureAwait(false) is { } frame)
            {
                if (frame.Chunks.Count > 0)
                {
                    await RoomForPiecesAsync(frame, cancellationToken).ConfigureAwait(false);
                }

                Take(frame);
                GiveRoomOfPieces(uploads.Bytes);
                await RoomForOutcomesAsync().WaitAsync(cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            GiveRoomOfPieces(0);
        }

        bool write;
        lock (gate)
        {
            halfClosed = true;
            write = ClaimWriter();
        }

        // Also when there is nothing to write: it is the writer who notices that all is done.
        Write(write, hurry: true);
    }

    // A client that submits and does not read is not read either: HTTP/2's flow control then stops it.
    private Task RoomForOutcomesAsync()
    {
        lock (gate)
        {
            return abandoned || (pending.Count <= MostPending && pendingBytes <= MostPendingBytes)
                ? Task.CompletedTask
                : (roomMade ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }
    }

    // Under the gate.
    private void RoomIsMade()
    {
        pendingBytes = 0;
        roomMade?.TrySetResult();
        roomMade = null;
    }

    private async ValueTask<SessionRequest?> NextFrameAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await reader.MoveNext(cancellationToken).ConfigureAwait(false) ? reader.Current : null;
        }
        catch (InvalidProtocolBufferException e)
        {
            throw SessionRefusal.Broken($"a frame is no SessionRequest: {e.Message}");
        }
    }

    private void Take(SessionRequest frame)
    {
        if (frame.Hello is not null)
        {
            throw SessionRefusal.Broken("a second hello");
        }

        try
        {
            Gather(frame);
        }
        catch (InvalidDataException e)
        {
            throw SessionRefusal.Broken(e.Message);
        }

        if (frame.OutcomesSeen > 0)
        {
            Forget(frame.OutcomesSeen);
        }

        if (frame.Tasks.Count > 0)
        {
            Submit(frame);
        }

        foreach (var sequence in frame.Cancel)
        {
            if (Find(sequence, "cancels") is not { } task)
            {
                lock (gate)
                {
                    if (writing && unwanted.Count < MostUnwanted)
                    {
                        unwanted.Add(sequence);
                    }
                }
            }
            else if (core.Cancel(task, StopCause.Caller))
            {
                Complete(task, TaskEnd.FailedWith(TaskFailures.Cancelled(task, started: false)), hurry: false);
            }
        }

        foreach (var credit in frame.StreamCredit)
        {
            Find(credit.Sequence, "gives credit for")?.Output?.Grant(credit.Items, credit.Bytes);
        }

        foreach (var sequence in frame.CancelCalls)
        {
            GiveUp(sequence);
        }

        foreach (var sequence in frame.Recall)
        {
            if (Find(sequence, "recalls") is { } task && core.TryRemove(task))
            {
                task.GiveBack();
            }
        }
    }

    /// <summary>Takes the pieces of large payloads, and puts those together whose task has come.</summary>
    private void Gather(SessionRequest frame)
    {
        foreach (var piece in frame.Chunks)
        {
            if (piece.Abandoned)
            {
                uploads.Abandon(piece.Sequence);
            }
            else
            {
                uploads.Add(piece.Sequence, piece.Offset, piece.Data.Span, piece.TotalBytes);
            }
        }

        foreach (var submission in frame.Tasks)
        {
            if (submission.TotalBytes > (ulong)submission.Data.Length)
            {
                var whole = uploads.Complete(submission.Upload, submission.Data.Span, submission.TotalBytes);
                submission.Data = whole is null ? ByteString.Empty : UnsafeByteOperations.UnsafeWrap(whole);
            }
        }
    }

    private void Submit(SessionRequest frame)
    {
        var count = frame.Tasks.Count;
        if (arrivals.Length < count)
        {
            arrivals = new TaskRun?[count];
        }

        var now = core.Time.GetTimestamp();
        bool leaving;
        lock (gate)
        {
            if (abandoned)
            {
                return;
            }

            leaving = drained;

            for (var i = 0; i < count; i++)
            {
                var submission = frame.Tasks[i];
                if (submission.Sequence <= lastSequence)
                {
                    throw SessionRefusal.Broken(
                        $"sequences must rise: {submission.Sequence} came after {lastSequence}");
                }

                lastSequence = submission.Sequence;
                var task = new SessionTask(core, this, submission, core.Find(submission.Task), Deadline(now, submission.TimeLimitUs));
                if (submission.StreamItems != 0 || submission.ReportsProgress)
                {
                    task.Output = new TaskOutput(submission.Sequence, submission.StreamItems != 0, submission.StreamItems, submission.StreamBytes, announceOutput);
                }

                inFlight.Add(submission.Sequence, task);
                arrivals[i] = task;
            }
        }

        var runs = arrivals.AsSpan(0, count);
        if (leaving)
        {
            // Nothing here may start any more: the session may have ended already, and with it the way for its outcome.
            foreach (ref var run in runs)
            {
                run!.GiveBack();
                run = null;
            }

            return;
        }

        foreach (ref var run in runs)
        {
            if (((SessionTask)run!).Objection() is { } objection)
            {
                run!.Complete(TaskEnd.FailedWith(objection), hurry: false);
                run = null;
            }
        }

        core.Enqueue(runs);
        foreach (ref var run in runs)
        {
            if (run is not null)
            {
                run.Complete(TaskEnd.FailedWith(TaskFailures.Full(run, $"{core.Waiting} tasks")), hurry: false);
                run = null;
            }
        }

        if (core.IsDraining)
        {
            GiveBackWaiting();
        }

        CancelIfAbandoned();
    }

    private SessionTask? Find(ulong sequence, string verb)
    {
        if (sequence > lastSequence)
        {
            throw SessionRefusal.Broken($"a frame {verb} sequence {sequence}, but the last one submitted is {lastSequence}");
        }

        lock (gate)
        {
            return inFlight.GetValueOrDefault(sequence);
        }
    }

    private long Deadline(long now, ulong limitMicroseconds)
    {
        if (limitMicroseconds == 0)
        {
            return 0;
        }

        // Beyond a century is the same as none, and does not overflow.
        const ulong century = 100UL * 365 * 24 * 3600 * 1_000_000;
        return limitMicroseconds >= century
            ? 0
            : now + (long)((double)limitMicroseconds * core.Time.TimestampFrequency / 1_000_000);
    }
}
