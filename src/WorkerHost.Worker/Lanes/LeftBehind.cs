using Microsoft.Extensions.Logging;

namespace WorkerHost.Worker;

/// <summary>
/// Failures of what a handler started and did not wait for. The handler has returned long since, so they are nobody's outcome, least of all that
/// of the task that happens to run now; but they are told. .NET finds a failed task that nobody looked at when it collects it, and by then
/// nothing says any more who had started it. What a thread or an <c>async void</c> throws ends the process, and its death report has the stack.
/// </summary>
internal static partial class LeftBehind
{
    private const int MaxTextBytes = 2000;

    /// <summary>From now on, for the life of the process.</summary>
    public static void Watch(ILogger logger) => TaskScheduler.UnobservedTaskException += (_, found) =>
    {
        foreach (var exception in found.Exception.Flatten().InnerExceptions)
        {
            Log.Unobserved(logger, exception.GetType().FullName, OneLine(RemoteErrors.MessageOf(exception)), OneLine(exception.StackTrace ?? ""));
        }
    };

    private static string OneLine(string text) => BoundedText.Cut(text.Trim().ReplaceLineEndings(" | "), MaxTextBytes);

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "a task that a handler left behind failed, and nobody waited for it: {Type}: {Message} {Where}")]
        public static partial void Unobserved(ILogger logger, string? type, string message, string where);
    }
}
