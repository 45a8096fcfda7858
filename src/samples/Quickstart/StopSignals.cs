using System.Runtime.InteropServices;

namespace WorkerHost.Samples.Quickstart;

/// <summary>Ctrl-C, SIGTERM and SIGHUP: the first one ends the run in good order, a second one at once.</summary>
internal sealed class StopSignals : IDisposable
{
    private readonly CancellationTokenSource stop = new();
    private readonly PosixSignalRegistration[] registrations;
    private volatile int exitCode;

    public StopSignals() => registrations =
    [
        PosixSignalRegistration.Create(PosixSignal.SIGHUP, signal => OnSignal(signal, 1)),
        PosixSignalRegistration.Create(PosixSignal.SIGINT, signal => OnSignal(signal, 2)),
        PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal => OnSignal(signal, 15)),
    ];

    /// <summary>Cancelled by the first signal.</summary>
    public CancellationToken Token => stop.Token;

    /// <summary>What a shell calls the end by that signal, 128 and its number; null while none came.</summary>
    public int? ExitCode => exitCode == 0 ? null : exitCode;

    public void Dispose()
    {
        foreach (var registration in registrations)
        {
            registration.Dispose();
        }

        stop.Dispose();
    }

    // Without Cancel the signal does what it always does.
    private void OnSignal(PosixSignalContext context, int number)
    {
        if (Interlocked.CompareExchange(ref exitCode, 128 + number, 0) == 0)
        {
            context.Cancel = true;
            stop.Cancel();
        }
    }
}
