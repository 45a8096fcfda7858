namespace WorkerHost.Worker;

/// <summary>Turns an exception into what travels: type, message, stack and causes, each of bounded size.</summary>
internal static class RemoteErrors
{
    public const int MaxMessageBytes = 8 * 1024;
    public const int MaxStackBytes = 32 * 1024;
    public const int MaxDepth = 8;

    public static V1.RemoteError From(Exception exception) => From(exception, 1);

    /// <summary>Of one that is an answer and no accident.</summary>
    public static V1.RemoteError WithoutStack(Exception exception) => new() { Type = TypeOf(exception), Message = BoundedText.Cut(MessageOf(exception), MaxMessageBytes) };

    public static string MessageOf(Exception exception) => Read(() => exception.Message);

    private static V1.RemoteError From(Exception exception, int depth)
    {
        var error = new V1.RemoteError
        {
            Type = TypeOf(exception),
            Message = BoundedText.Cut(MessageOf(exception), MaxMessageBytes),
            StackTrace = BoundedText.Cut(Read(() => exception.StackTrace), MaxStackBytes),
        };

        // InnerException of an AggregateException is its first; the others are named in its message.
        if (exception.InnerException is { } cause && depth < MaxDepth)
        {
            error.Cause = From(cause, depth + 1);
        }

        return error;
    }

    private static string TypeOf(Exception exception) => BoundedText.Cut(exception.GetType().FullName ?? exception.GetType().Name, ProtocolLimits.MaxNameLength);

    // Message and StackTrace are virtual: an exception class of the user's may throw while it is being read.
    private static string Read(Func<string?> member)
    {
        try
        {
            return member() ?? "";
        }
        catch (Exception e)
        {
            return $"(could not be read: {e.GetType().Name})";
        }
    }
}
