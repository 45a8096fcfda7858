using System.Collections.Immutable;
using System.Globalization;
using WorkerHost.Supervision;

namespace WorkerHost.Testing;

/// <summary>How a pretended worker ends. What its pool and your code make of it is what they would make of a process that ended so. Immutable.</summary>
public sealed record TestDeath
{
    private TestDeath(ExitFacts facts) => Facts = facts;

    /// <summary>Lines that the death report shows as the last ones on stderr. Default none.</summary>
    public ImmutableArray<string> LastOutput { get; init; } = [];

    /// <summary>A fault in native code: SIGSEGV, of the worker's own making.</summary>
    public static TestDeath Segfault { get; } = Signal("SIGSEGV");

    /// <summary>SIGKILL from outside, which is nobody's fault: no task is charged with it.</summary>
    public static TestDeath KilledFromOutside { get; } = Signal("SIGKILL");

    /// <summary>The kernel's out-of-memory killer.</summary>
    public static TestDeath OutOfMemory { get; } = new(ExitFacts.Signalled(SignalNames.Kill).WithOomKills(1));

    internal ExitFacts Facts { get; }

    /// <summary>It calls <c>exit</c>. Any code that was not asked for is a death, 0 too; see <see cref="WorkerExitCode"/> for those with a meaning.</summary>
    /// <param name="code">From 0 to 255.</param>
    public static TestDeath Exit(int code)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(code);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(code, 255);
        return new TestDeath(ExitFacts.Exited(code));
    }

    /// <summary>A signal ends it.</summary>
    /// <param name="name">Such as <c>SIGABRT</c>.</param>
    /// <exception cref="ArgumentException">Linux has no signal of that name.</exception>
    public static TestDeath Signal(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        for (var number = 1; number < 32; number++)
        {
            if (SignalNames.Name(number) == name)
            {
                return new TestDeath(ExitFacts.Signalled(number));
            }
        }

        throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"there is no signal '{name}'; names are those of Linux, such as SIGSEGV, SIGABRT, SIGKILL"), nameof(name));
    }

    /// <summary>The exit in words.</summary>
    public override string ToString() => Facts.OutOfMemory ? "out of memory" : Facts.ToString();
}
