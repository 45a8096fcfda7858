using System.ComponentModel;

namespace WorkerHost.Worker;

/// <summary>Why a worker cannot begin, and the exit code that says so.</summary>
internal sealed class LaunchException(int exitCode, string message, Exception? innerException = null) : Exception(message, innerException)
{
    public int ExitCode { get; } = exitCode;
}

/// <summary>Takes the lifeline and reads the launch line from it.</summary>
internal static class LaunchReader
{
    private const int MaxLineBytes = 64 * 1024;

    /// <exception cref="LaunchException">There is no usable launch line.</exception>
    public static (LaunchLine Line, Lifeline Lifeline) Read()
    {
        if (!Console.IsInputRedirected)
        {
            throw new LaunchException(
                WorkerExitCode.NotSupervised,
                $"{LaunchMarker.EnvironmentVariable}=1 is set, but stdin is a terminal and no supervisor writes to it; unset the variable to run the program by hand");
        }

        try
        {
            var lifeline = Lifeline.TakeStandardInput();
            var line = lifeline.ReadLine(MaxLineBytes)
                ?? throw new LaunchException(WorkerExitCode.CannotServe, "stdin ended before the supervisor had written the launch line");
            return (Checked(LaunchLine.Parse(line)), lifeline);
        }
        catch (Exception e) when (e is FormatException or IOException or Win32Exception)
        {
            throw new LaunchException(WorkerExitCode.CannotServe, e.Message, e);
        }
    }

    internal static LaunchLine Checked(LaunchLine line)
    {
        if (line.MinProtocol > ProtocolLimits.MaxVersion || line.MaxProtocol < ProtocolLimits.MinVersion)
        {
            // Another start of the same two programs ends the same way.
            throw new LaunchException(
                WorkerExitCode.Misconfigured,
                $"no common protocol version: the supervisor speaks {line.MinProtocol} to {line.MaxProtocol}, this worker {ProtocolLimits.MinVersion} to {ProtocolLimits.MaxVersion}; update one of them");
        }

        Require(line.Concurrency is >= 1 and <= LedgerLayout.MaxLanes, $"concurrency is {line.Concurrency}; it must be 1 to {LedgerLayout.MaxLanes}");
        Require(line.MaxMessageBytes >= 1, $"maxMessageBytes is {line.MaxMessageBytes}; it must be at least 1");
        Require(line.DrainMilliseconds >= 0, $"drainMilliseconds is {line.DrainMilliseconds}; it must not be negative");
        Require(!string.IsNullOrEmpty(line.Pool), "pool is empty");
        return line;
    }

    private static void Require(bool condition, string problem)
    {
        if (!condition)
        {
            throw new FormatException($"the launch line makes no sense: {problem}");
        }
    }
}
