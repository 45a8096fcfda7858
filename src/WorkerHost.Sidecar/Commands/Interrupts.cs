using System.Runtime.InteropServices;

namespace WorkerHost.Sidecar.Commands;

/// <summary>Ctrl-C and SIGTERM as a token: the first one asks, the second one ends the process as if nobody listened.</summary>
internal sealed class Interrupts : IDisposable
{
    private readonly CancellationTokenSource source = new();
    private readonly PosixSignalRegistration[] registrations;
    private int signal;

    public Interrupts()
    {
        registrations =
        [
            PosixSignalRegistration.Create(PosixSignal.SIGINT, context => Came(context, 2)),
            PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => Came(context, 15)),
        ];
    }

    public CancellationToken Token => source.Token;

    /// <summary>What a shell says of a program that a signal ended.</summary>
    public int ExitCode => 128 + (Volatile.Read(ref signal) is 0 ? 2 : signal);

    public void Dispose()
    {
        foreach (var registration in registrations)
        {
            registration.Dispose();
        }

        source.Dispose();
    }

    private void Came(PosixSignalContext context, int number)
    {
        if (Interlocked.CompareExchange(ref signal, number, 0) == 0)
        {
            context.Cancel = true;
            source.Cancel();
        }
    }
}
