namespace WorkerHost.Client;

/// <summary>Where results are decoded.</summary>
internal static class ResultReading
{
    /// <summary>
    /// Decoding more than this could hold up the outcomes behind it: it is done on the thread pool. 32 KiB of JSON
    /// take some tens of microseconds.
    /// </summary>
    private const int DecodeInlineBytes = 32 * 1024;

    public static void Complete<T>(TaskCompletionSource<T> completion, IResultReader<T> reader, in AttemptOutcome outcome, TaskFuture<T> future)
    {
        if (outcome.Data.Length <= DecodeInlineBytes || reader is RawBytes)
        {
            Decode(completion, reader, outcome, future);
        }
        else
        {
            DecodeElsewhere(completion, reader, outcome, future);
        }
    }

    /// <summary>A method of its own, so that only large results pay for what is captured here.</summary>
    private static void DecodeElsewhere<T>(TaskCompletionSource<T> completion, IResultReader<T> reader, AttemptOutcome outcome, TaskFuture<T> future) =>
        ThreadPool.UnsafeQueueUserWorkItem(_ => Decode(completion, reader, outcome, future), null);

    private static void Decode<T>(TaskCompletionSource<T> completion, IResultReader<T> reader, in AttemptOutcome outcome, TaskFuture<T> future)
    {
        try
        {
            completion.TrySetResult(reader.Read(outcome.Data, outcome.ContentType));
        }
        catch (Exception e)
        {
            completion.TrySetException(future.Undecodable(e));
        }
    }
}
