using Grpc.Core;

namespace WorkerHost.Client;

/// <summary>What a caller says of one call, as the options of its task.</summary>
internal static class CallTerms
{
    /// <returns>Null: the deadline has passed.</returns>
    /// <exception cref="InvalidOperationException">A deadline that is not in UTC.</exception>
    public static TaskOptions? Of(TaskOptions options, in CallOptions call, TimeProvider time)
    {
        if (call.Headers is { Count: > 0 } metadata)
        {
            var headers = options.Headers is { } every ? new Dictionary<string, string>(every) : [];
            CallMetadata.CopyTo(metadata, headers);
            options = options with { Headers = headers };
        }

        if (call.Deadline is not { } deadline || deadline == DateTime.MaxValue)
        {
            return options;
        }

        if (deadline != DateTime.MinValue && deadline.Kind != DateTimeKind.Utc)
        {
            throw new InvalidOperationException("Deadline must have a kind DateTimeKind.Utc or be equal to DateTime.MaxValue or DateTime.MinValue.");
        }

        // A deadline is wall-clock time by nature; from here on only monotonic time counts.
        var left = deadline - time.GetUtcNow().UtcDateTime;
        return left <= TimeSpan.Zero ? null : options.TimeLimit < left ? options : options with { TimeLimit = left };
    }
}
