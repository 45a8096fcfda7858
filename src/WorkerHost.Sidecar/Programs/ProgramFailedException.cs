namespace WorkerHost.Sidecar.Programs;

/// <summary>A program ended in another way than with a result. What it wrote to stderr at last stands in the message.</summary>
internal sealed class ProgramFailedException(string message, Exception? innerException = null) : Exception(message, innerException);
