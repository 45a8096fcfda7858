namespace WorkerHost;

/// <summary>
/// Thrown by a handler to say that its failure is worth another try. Any other exception of a handler is not retried
/// unless the caller asked for it.
/// </summary>
public sealed class RetryableTaskException : Exception
{
    /// <summary>A retryable failure without more to say.</summary>
    public RetryableTaskException()
    {
    }

    /// <summary>A retryable failure.</summary>
    /// <param name="message">What happened.</param>
    public RetryableTaskException(string message)
        : base(message)
    {
    }

    /// <summary>A retryable failure with its cause.</summary>
    /// <param name="message">What happened.</param>
    /// <param name="innerException">The exception behind it.</param>
    public RetryableTaskException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }

    /// <summary>How long to wait before the next try; null (the default) leaves it to the caller's backoff.</summary>
    public TimeSpan? RetryAfter { get; init; }
}
