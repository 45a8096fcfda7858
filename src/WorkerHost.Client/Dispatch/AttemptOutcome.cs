namespace WorkerHost.Client;

/// <summary>How an attempt ended: a result, a failure, or what a strategy around it threw.</summary>
internal readonly struct AttemptOutcome
{
    private AttemptOutcome(ReadOnlyMemory<byte> data, string contentType, TaskFailure? failure, Exception? error = null)
    {
        Data = data;
        ContentType = contentType;
        Failure = failure;
        Error = error;
    }

    public ReadOnlyMemory<byte> Data { get; }

    public string ContentType { get; }

    public TaskFailure? Failure { get; }

    /// <summary>What a resilience strategy of the user's threw instead of an outcome.</summary>
    public Exception? Error { get; }

    public bool IsSuccess => Failure is null && Error is null;

    public static AttemptOutcome Threw(Exception error) => new(default, "", null, error);

    public static AttemptOutcome Success(ReadOnlyMemory<byte> data, string contentType) => new(data, contentType, null);

    public static AttemptOutcome Failed(TaskFailure failure) => new(default, "", failure);
}
