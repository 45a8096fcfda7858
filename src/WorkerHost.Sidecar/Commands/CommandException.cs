namespace WorkerHost.Sidecar.Commands;

/// <summary>A command ends here: what to tell the person, and with which code.</summary>
internal sealed class CommandException(int exitCode, string message, Exception? inner = null) : Exception(message, inner)
{
    public int ExitCode { get; } = exitCode;
}
