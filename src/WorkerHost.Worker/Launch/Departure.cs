using System.Runtime.InteropServices;

namespace WorkerHost.Worker;

/// <summary>How a worker is asked to leave: by SIGTERM, by the loss of its lifeline, or by its program. Thread-safe.</summary>
internal sealed class Departure : IDisposable
{
    // What a program may still do after RunAsync has returned, when nobody is left to kill it.
    private static readonly TimeSpan OrphanGrace = TimeSpan.FromSeconds(2);

    private readonly TaskCompletionSource asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource hurried = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private PosixSignalRegistration? termination;
    private volatile bool inItsOwnTime;
    private int signals;

    /// <summary>Done when it has been asked to leave.</summary>
    public Task Asked => asked.Task;

    /// <summary>Done when it has been asked not to wait for what still runs.</summary>
    public Task Hurried => hurried.Task;

    /// <summary>It has been asked to leave and there is no hurry: then only SIGTERM sets a limit to what still runs.</summary>
    public bool InItsOwnTime => inItsOwnTime;

    /// <summary>The first SIGTERM asks, the second hurries; who had all the time until then is hurried by the first.</summary>
    public void HeedTermination() => termination = PosixSignalRegistration.Create(
        PosixSignal.SIGTERM,
        context =>
        {
            context.Cancel = true;
            if (Interlocked.Increment(ref signals) > 1 || inItsOwnTime)
            {
                hurried.TrySetResult();
            }

            asked.TrySetResult();
        });

    public void Ask() => asked.TrySetResult();

    /// <summary>A planned replacement: leave when all is done. If the supervisor goes meanwhile, this process goes with it (<see cref="ParentDeath"/>, warden).</summary>
    public void LeaveInItsOwnTime()
    {
        inItsOwnTime = true;
        asked.TrySetResult();
    }

    /// <summary>The supervisor is gone: leave, and be gone even if the program does not end after its RunAsync.</summary>
    public void LifelineLost(TimeSpan drain)
    {
        asked.TrySetResult();
        Thread.Sleep(drain + OrphanGrace);
        if (OperatingSystem.IsWindows())
        {
            Environment.Exit(WorkerExitCode.Success);
        }

        LibC.exit_now(WorkerExitCode.Success);
    }

    public void Dispose() => termination?.Dispose();
}
