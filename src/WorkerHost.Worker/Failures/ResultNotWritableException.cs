namespace WorkerHost.Worker;

/// <summary>The handler returned, but its result could not be made into bytes.</summary>
internal sealed class ResultNotWritableException(Exception innerException) : Exception("the result could not be written", innerException);
