using System.Globalization;

namespace WorkerHost.Supervision;

/// <summary>Linux signal numbers (the same on x86, arm and riscv) and their names.</summary>
internal static class SignalNames
{
    public const int Kill = 9;
    public const int Terminate = 15;

    private static readonly string[] Names =
    [
        "", "SIGHUP", "SIGINT", "SIGQUIT", "SIGILL", "SIGTRAP", "SIGABRT", "SIGBUS", "SIGFPE", "SIGKILL", "SIGUSR1",
        "SIGSEGV", "SIGUSR2", "SIGPIPE", "SIGALRM", "SIGTERM", "SIGSTKFLT", "SIGCHLD", "SIGCONT", "SIGSTOP", "SIGTSTP",
        "SIGTTIN", "SIGTTOU", "SIGURG", "SIGXCPU", "SIGXFSZ", "SIGVTALRM", "SIGPROF", "SIGWINCH", "SIGIO", "SIGPWR", "SIGSYS",
    ];

    public static string Name(int signal) => signal switch
    {
        > 0 and < 32 => Names[signal],
        >= 34 and <= 64 => string.Create(CultureInfo.InvariantCulture, $"SIGRTMIN+{signal - 34}"),
        _ => string.Create(CultureInfo.InvariantCulture, $"signal {signal}"),
    };

    /// <summary>
    /// Whether a process normally brings this signal on itself: a fault (ILL, TRAP, BUS, FPE, SEGV, SYS), its own
    /// abort, a limit it ran into (XCPU, XFSZ), or a default action it forgot to change (PIPE, ALRM, VTALRM, PROF).
    /// </summary>
    public static bool IsOfOwnMaking(int signal) =>
        signal is 4 or 5 or 6 or 7 or 8 or 11 or 13 or 14 or 24 or 25 or 26 or 27 or 31;
}
