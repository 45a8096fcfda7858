using System.Runtime.InteropServices;

namespace WorkerHost.Sidecar.Hosting;

/// <summary>SIGTERM and Ctrl-C: the first one asks for a stop in good order, the second one hurries it, and the third does what signals do. SIGHUP asks for a reload.</summary>
internal sealed class StopSignals : IDisposable
{
    private readonly CancellationTokenSource hurry = new();
    private readonly TaskCompletionSource<string> stop = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly PosixSignalRegistration[] registrations;
    private readonly Action reload;
    private int count;

    public StopSignals(Action reload)
    {
        this.reload = reload;
        registrations =
        [
            PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnStop),
            PosixSignalRegistration.Create(PosixSignal.SIGINT, OnStop),
            PosixSignalRegistration.Create(PosixSignal.SIGQUIT, OnStop),
            PosixSignalRegistration.Create(PosixSignal.SIGHUP, OnReload),
        ];
    }

    /// <summary>Done with the name of the first signal.</summary>
    public Task<string> Stop => stop.Task;

    /// <summary>Cancelled by the second.</summary>
    public CancellationToken Hurry => hurry.Token;

    public void Dispose()
    {
        foreach (var registration in registrations)
        {
            registration.Dispose();
        }

        hurry.Dispose();
    }

    private void OnStop(PosixSignalContext context)
    {
        var which = Interlocked.Increment(ref count);
        if (which == 1)
        {
            stop.TrySetResult(context.Signal.ToString());
        }
        else if (which == 2)
        {
            hurry.Cancel();
        }

        // Without that the signal does what it always does.
        context.Cancel = which <= 2;
    }

    private void OnReload(PosixSignalContext context)
    {
        context.Cancel = true;
        reload();
    }
}
