namespace WorkerHost.Sidecar.Hosting;

/// <summary>Nobody can listen there; the message names the setting and what can be done.</summary>
internal sealed class ListenException(string message, Exception inner) : IOException(message, inner);
