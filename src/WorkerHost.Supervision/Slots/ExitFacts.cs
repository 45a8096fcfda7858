using System.Globalization;

namespace WorkerHost.Supervision;

/// <summary>What the operating system says of the end of a process, before anyone judges it.</summary>
internal sealed record ExitFacts
{
    private ExitFacts()
    {
    }

    /// <summary>False where no process came into being.</summary>
    public bool Started { get; private init; } = true;

    /// <summary>Null when it ended by a signal, never started, or somebody else took its status.</summary>
    public int? ExitCode { get; private init; }

    /// <summary>The signal's number; null when it ended by exit.</summary>
    public int? Signal { get; private init; }

    public bool CoreDumped { get; private init; }

    /// <summary>Why it could not be started, or what is odd about the facts.</summary>
    public string? Problem { get; private init; }

    /// <summary>The status was taken by someone else: the end is certain, its manner is not.</summary>
    public static ExitFacts Unknown { get; } = new()
    {
        Problem = "its exit status was taken by someone else; does the host ignore SIGCHLD or call waitpid(-1)?",
    };

    public static ExitFacts Exited(int code) => new() { ExitCode = code };

    public static ExitFacts Signalled(int signal, bool coreDumped = false) => new() { Signal = signal, CoreDumped = coreDumped };

    public static ExitFacts NotStarted(string problem) => new() { Started = false, Problem = problem };

    public override string ToString() => this switch
    {
        { Started: false } => "no process",
        { ExitCode: { } code } => string.Create(CultureInfo.InvariantCulture, $"exit code {code}"),
        { Signal: { } signal } => SignalNames.Name(signal),
        _ => "exit status unknown",
    };
}
