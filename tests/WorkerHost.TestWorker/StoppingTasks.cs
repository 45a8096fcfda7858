using System.Runtime.InteropServices;

namespace WorkerHost.TestWorker;

/// <summary>What takes long, and heeds its token or does not.</summary>
internal static partial class StoppingTasks
{
    public static void Map(WorkerApplication worker)
    {
        worker.MapTask("sleep", static async (int ms, CancellationToken token) =>
        {
            await Task.Delay(ms, token);
            return ms;
        });

        // Busy for so long, deaf to its token.
        worker.MapTask("spin", static (int ms) =>
        {
            var end = Environment.TickCount64 + ms;
            while (Environment.TickCount64 < end)
            {
                Thread.SpinWait(100);
            }

            return ms;
        });

        // Blocks its thread for so long, deaf to its token.
        worker.MapTask("block", static (int ms) =>
        {
            Thread.Sleep(ms);
            return ms;
        });

        worker.MapTask("block_pid", static (int ms) =>
        {
            Thread.Sleep(ms);
            return Environment.ProcessId;
        });

        // In native code, where no exception can reach it.
        worker.MapTask("hang", static (int seconds) => NativeSleep((uint)seconds));
        worker.MapTask("cancel_to_value", static async (int ms, CancellationToken token) =>
        {
            try
            {
                await Task.Delay(ms, token);
                return "slept";
            }
            catch (OperationCanceledException)
            {
                return "cancelled";
            }
        });
        worker.MapTask("wait_blocking", static (int ms, CancellationToken token) =>
        {
            Task.Delay(ms, token).Wait(CancellationToken.None);
            return ms;
        });
        worker.MapTask("cancel_itself", static () => { throw new OperationCanceledException("of its own accord"); });

        // From now on the kernel throws SIGTERM away before anybody in the process sees it.
        worker.MapTask("ignore_sigterm", static () =>
        {
            const int sigTerm = 15, sigIgn = 1;
            NativeSignal(sigTerm, sigIgn);
        });
    }

    [LibraryImport("libc", EntryPoint = "sleep")]
    private static partial uint NativeSleep(uint seconds);

    [LibraryImport("libc", EntryPoint = "signal")]
    private static partial nint NativeSignal(int signal, nint handler);
}
