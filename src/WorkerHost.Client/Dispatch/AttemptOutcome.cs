namespace WorkerHost.Client;

/// <summary>How an attempt ended: a result, a failure, or what a strategy around it threw.</summary>
internal readonly struct AttemptOutcome
{
    private readonly object? beside;

    private AttemptOutcome(ReadOnlyMemory<byte> data, string contentType, TaskFailure? failure, object? beside = null)
    {
        Data = data;
        ContentType = contentType;
        Failure = failure;
        this.beside = beside;
    }

    public ReadOnlyMemory<byte> Data { get; }

    public string ContentType { get; }

    public TaskFailure? Failure { get; }

    /// <summary>What a resilience strategy of the user's threw instead of an outcome.</summary>
    public Exception? Error => beside as Exception;

    /// <summary>What a gRPC method says beside its response; that of one that failed is in <see cref="Failure"/>.</summary>
    public V1.MethodAnswer? Answer => beside as V1.MethodAnswer;

    public bool IsSuccess => Failure is null && Error is null;

    public static AttemptOutcome Threw(Exception error) => new(default, "", null, error);

    public static AttemptOutcome Success(ReadOnlyMemory<byte> data, string contentType, V1.MethodAnswer? answer = null) => new(data, contentType, null, answer);

    public static AttemptOutcome Failed(TaskFailure failure) => new(default, "", failure);
}
