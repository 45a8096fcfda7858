namespace WorkerHost.Sidecar.Commands;

/// <summary>Input by name; - is stdin.</summary>
internal static class InputFile
{
    /// <exception cref="CommandException">It cannot be opened.</exception>
    public static Stream Open(string name, Surroundings around)
    {
        if (name == "-")
        {
            return around.Input;
        }

        try
        {
            return new FileStream(name, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0, FileOptions.Asynchronous | FileOptions.SequentialScan);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new CommandException(ExitCode.Usage, $"--input {name} cannot be read: {e.Message}", e);
        }
    }
}
