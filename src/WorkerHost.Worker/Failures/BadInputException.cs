namespace WorkerHost.Worker;

/// <summary>The payload cannot be what the task takes; the handler was not called.</summary>
internal sealed class BadInputException(string message, Exception? innerException = null) : Exception(message, innerException);
