namespace WorkerHost.Worker;

/// <summary>How outcomes leave: one writer at a time, and what gathers meanwhile goes into its next frame.</summary>
internal sealed partial class TaskSession
{
    // The writer's own; one loop at a time.
    private List<SessionOutcome> batch = [];
    private List<ulong> startedBatch = [];
    private List<ulong> unwantedBatch = [];
    private List<TaskOutput> speakingBatch = [];
    private FrameBuilder frames = new(ProtocolLimits.MaxFrameBytes, inPieces: false);

    // Under the gate. True: the caller has to write.
    private bool ClaimWriter()
    {
        if (writing || abandoned)
        {
            return false;
        }

        writing = true;
        return true;
    }

    // A lane with nothing else to do carries its outcome to the socket itself and saves the hop to another thread. One
    // that has more to do leaves the writing to the pool and starts its next task: the outcomes meanwhile make a batch.
    private void Write(bool claimed, bool hurry)
    {
        if (!claimed)
        {
            return;
        }

        if (hurry)
        {
            _ = WriteLoopAsync();
        }
        else
        {
            ThreadPool.UnsafeQueueUserWorkItem(static session => _ = session.WriteLoopAsync(), this, preferLocal: false);
        }
    }

    // Never throws; its end is visible in `writing` and `ended`.
    private async Task WriteLoopAsync()
    {
        try
        {
            while (Next(out var draining))
            {
                if (draining)
                {
                    frames.AddDraining();
                }

                foreach (var sequence in startedBatch)
                {
                    frames.AddStarted(sequence);
                }

                foreach (var output in speakingBatch)
                {
                    frames.Follow(output);
                }

                for (var i = 0; i < batch.Count; i++)
                {
                    if (!frames.TryAdd(batch[i]))
                    {
                        await SendAsync().ConfigureAwait(false);
                        frames.TryAdd(batch[i]);
                    }
                }

                foreach (var sequence in unwantedBatch)
                {
                    if (frames.Withdraw(sequence) is { } unwanted && !frames.TryAdd(Withdrawn(unwanted)))
                    {
                        await SendAsync().ConfigureAwait(false);
                        frames.TryAdd(Withdrawn(unwanted));
                    }
                }

                if (frames.HasMore)
                {
                    await SendAsync().ConfigureAwait(false);
                }
            }
        }
        catch (Exception e)
        {
            // The connection is gone: the reader learns of it too, but maybe later.
            lock (gate)
            {
                abandoned = true;
                writeFailure = e;
                StopWriting();
                RoomIsMade();
            }

            ended.TrySetResult();
        }
    }

    private async ValueTask SendAsync()
    {
        frames.FillWithItems();
        frames.FillWithPieces();
        if (frames.IsEmpty)
        {
            return;
        }

        KeepUntilSeen();
        await writer.WriteAsync(frames.Frame).ConfigureAwait(false);
        frames.Reset();
    }

    // Takes what has gathered. False: nothing; the writer is idle again.
    private bool Next(out bool draining)
    {
        var done = false;
        lock (gate)
        {
            batch.Clear();
            startedBatch.Clear();
            unwantedBatch.Clear();
            speakingBatch.Clear();
            draining = tellDraining;
            tellDraining = false;
            if (pending.Count > 0 || draining || started.Count > 0 || speaking.Count > 0 || (frames.HasMore && !abandoned))
            {
                (batch, pending) = (pending, batch);
                RoomIsMade();
                (speakingBatch, speaking) = (speaking, speakingBatch);
                foreach (var sequence in started)
                {
                    // Only of those that have not ended: their outcome says it already.
                    if (inFlight.ContainsKey(sequence))
                    {
                        startedBatch.Add(sequence);
                    }
                }

                started.Clear();
                (unwantedBatch, unwanted) = (unwanted, unwantedBatch);
                return true;
            }

            // What had ended before its cancellation came has left whole.
            unwanted.Clear();
            StopWriting();
            done = (halfClosed || drained) && inFlight.Count == 0;
        }

        if (done)
        {
            ended.TrySetResult();
        }

        return false;
    }

    private SessionOutcome Withdrawn(in SessionOutcome outcome) =>
        new(outcome.Sequence, TaskEnd.FailedWith(TaskFailures.Withdrawn(core, outcome.End.Data.Length), outcome.End.ServiceMicroseconds), outcome.Kept);

    // Under the gate.
    private void StopWriting()
    {
        writing = false;
        writerIdle?.TrySetResult();
    }
}
