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

    /// <summary>The kernel's out-of-memory killer took it, or something it had started without which it ended in the same way.</summary>
    public bool OutOfMemory { get; private init; }

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

    /// <summary>With what its control group has counted. A launcher says 137 for what SIGKILL has taken behind it.</summary>
    public ExitFacts WithOomKills(long count) =>
        count > 0 && (Signal == SignalNames.Kill || ExitCode == 128 + SignalNames.Kill) ? this with { OutOfMemory = true } : this;

    public override string ToString() => this switch
    {
        { Started: false } => "no process",
        { ExitCode: { } code } => string.Create(CultureInfo.InvariantCulture, $"exit code {code}"),
        { Signal: { } signal } => SignalNames.Name(signal),
        _ => "exit status unknown",
    };
}
