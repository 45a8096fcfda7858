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

        // A slow worker among fast ones.
        worker.MapTask("slow_at", static (int pid, int slowMs, int fastMs) =>
        {
            Thread.Sleep(pid == Environment.ProcessId ? slowMs : fastMs);
            return Environment.ProcessId;
        });

        // In native code, where no exception can reach it.
        worker.MapTask("hang", static (int seconds) => NativeSleep((uint)seconds));

        // Says that it runs by making the file, then never ends by itself: "spin", "block", "deadlock" or "hang".
        worker.MapTask("deaf", static (string here, string how) =>
        {
            File.WriteAllText(here, "");
            while (true)
            {
                switch (how)
                {
                    case "spin":
                        Thread.SpinWait(100);
                        break;
                    case "block":
                        Thread.Sleep(Timeout.Infinite);
                        break;
                    case "deadlock":
                        Deadlock();
                        break;
                    case "hang":
                        NativeSleep(600);
                        break;
                    default:
                        throw new ArgumentException($"no way to be deaf is called {how}", nameof(how));
                }
            }
        });
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

    // Each of two threads holds what the other wants.
    private static void Deadlock()
    {
        Lock first = new(), second = new();
        using var bothHold = new Barrier(2);
        var other = new Thread(() => Take(second, first, bothHold)) { IsBackground = true };
        other.Start();
        Take(first, second, bothHold);

        static void Take(Lock mine, Lock other, Barrier bothHold)
        {
            lock (mine)
            {
                bothHold.SignalAndWait();
                lock (other)
                {
                }
            }
        }
    }

    [LibraryImport("libc", EntryPoint = "sleep")]
    private static partial uint NativeSleep(uint seconds);

    [LibraryImport("libc", EntryPoint = "signal")]
    private static partial nint NativeSignal(int signal, nint handler);
}
