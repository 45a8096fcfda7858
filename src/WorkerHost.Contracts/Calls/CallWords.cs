namespace WorkerHost;

/// <summary>
/// What a caller may say in the metadata of a call, or the headers of an HTTP request, where its message has no field for it. None of them reaches the handler.
/// </summary>
internal static class CallWords
{
    public const string Pool = "workerhost-pool";
    public const string Id = "workerhost-id";
    public const string Idempotent = "workerhost-idempotent";
    public const string Priority = "workerhost-priority";
    public const string AffinityKey = "workerhost-affinity-key";
    public const string MaxAttempts = "workerhost-max-attempts";

    /// <summary>Of HTTP requests, in seconds; a call has a deadline.</summary>
    public const string TimeLimit = "workerhost-time-limit";

    public static bool IsOurs(string name) => name is Pool or Id or Idempotent or Priority or AffinityKey or MaxAttempts or TimeLimit;
}
