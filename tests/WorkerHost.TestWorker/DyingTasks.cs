using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace WorkerHost.TestWorker;

/// <summary>Every way to fail and to die.</summary>
internal static partial class DyingTasks
{
    public const int SIGKILL = 9;

    // What "leak" holds on to.
    private static readonly List<byte[]> Leaked = [];

    public static void Map(WorkerApplication worker)
    {
        worker.MapTask("throw", static (string message) => { throw new InvalidOperationException(message); });
        worker.MapTask("throw_with_cause", static (string message, string cause) =>
        {
            try
            {
                throw new FormatException(cause);
            }
            catch (FormatException e)
            {
                throw new InvalidOperationException(message, e);
            }
        });
        worker.MapTask("throw_aggregate", static () => { throw new AggregateException(new FormatException("first"), new FormatException("second")); });
        worker.MapTask("throw_retryable", static (string message, double afterMs) =>
        {
            throw new RetryableTaskException(message) { RetryAfter = TimeSpan.FromMilliseconds(afterMs) };
        });
        worker.MapTask("throw_hostile", static () => { throw new HostileException(); });
        worker.MapTask("throw_async", static async Task (string message) =>
        {
            await Task.Yield();
            throw new InvalidOperationException(message);
        });

        worker.MapTask("exit", static (int code) => { Environment.Exit(code); });
        worker.MapTask("abort", static () => { Environment.FailFast("told to"); });
        worker.MapTask("segv", static () => { Fault(); });
        worker.MapTask("null_read", static () => Marshal.ReadInt32(0x10));
        worker.MapTask("overflow_stack", static (int depth) => Deeper(depth));
        worker.MapTask("signal", static (int signal) => { Signal(signal); });
        worker.MapTask("kill", static (int pid, int signal) => Kill(pid, signal));
        worker.MapTask("kill_all", static (string here, string there, int[] pids) =>
        {
            File.WriteAllText(here, "");
            while (!File.Exists(there))
            {
                Thread.Sleep(0);
            }

            foreach (var pid in pids.Where(p => p != Environment.ProcessId))
            {
                Kill(pid, SIGKILL);
            }

            Signal(SIGKILL);
        });
        worker.MapTask("die_if_missing", static (string path) =>
        {
            // Dies at its first try, succeeds at the second.
            if (File.Exists(path))
            {
                return Environment.ProcessId;
            }

            File.WriteAllText(path, "");
            Signal(SIGKILL);
            return 0;
        });

        // {"how": "throw" | "exit0" | "exit42" | "abort" | "segv" | "kill"}: while reading the argument, while writing the result.
        worker.MapTask("die_while_reading", static (DiesWhenRead _) => "survived");
        worker.MapTask("die_in_handler", static (string how) =>
        {
            Die(how);
            return "survived";
        });
        worker.MapTask("die_while_writing", static (string how) => new DiesWhenWritten(how));

        worker.MapTask("spoil_ledger_and_die", static (string how) =>
        {
            SpoilLedger(how);
            Fault();
        });
        worker.MapTask("leak", static (int megabytes) => Grow(megabytes, keep: true));
        worker.MapTask("leak_and_block", static (int megabytes, int ms) =>
        {
            Grow(megabytes, keep: true);
            Thread.Sleep(ms);
            return Environment.ProcessId;
        });
        worker.MapTask("allocate", static (int megabytes) => Grow(megabytes, keep: false));
        worker.MapTask("eat_native", static () =>
        {
            while (true)
            {
                // Not the collector's, which has a limit of its own; touched, or the kernel would not give it.
                const int Size = 1024 * 1024;
                Marshal.Copy(new byte[Size], 0, Marshal.AllocHGlobal(Size), Size);
            }
        });
        worker.MapTask("grandchild", static () =>
        {
            using var child = Process.Start(new ProcessStartInfo("sleep", "1000"))!;
            return child.Id;
        });
    }

    /// <summary>Sends itself a signal and does not come back.</summary>
    public static void Signal(int signal)
    {
        Kill(Environment.ProcessId, signal);
        Thread.Sleep(Timeout.Infinite);
    }

    // In native code: .NET makes a NullReferenceException of a fault in managed code, and takes a SIGSEGV sent with kill
    // for one of its own.
    private static void Fault() => _ = StringLength(8);

    private static void SpoilLedger(string how)
    {
        var path = File.ReadLines("/proc/self/maps").Select(static line => line[(line.IndexOf('/', StringComparison.Ordinal) is var at and >= 0 ? at : line.Length)..]).First(static p => p.EndsWith("/ledger", StringComparison.Ordinal));
        var page = new byte[new FileInfo(path).Length];
        switch (how)
        {
            case "zeros":
                break;
            case "noise":
                Random.Shared.NextBytes(page);
                break;
            case "full":
                Array.Fill(page, byte.MaxValue);
                break;
            case "gone":
                File.Delete(path);
                return;
            default:
                throw new ArgumentException($"no way to spoil a ledger is called {how}", nameof(how));
        }

        using var file = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        file.Write(page);
    }

    private static void Die(string how)
    {
        switch (how)
        {
            case "throw":
                throw new InvalidOperationException("told to throw");
            case "exit0":
                Environment.Exit(0);
                break;
            case "exit42":
                Environment.Exit(42);
                break;
            case "abort":
                Environment.FailFast("told to");
                break;
            case "segv":
                Fault();
                break;
            case "kill":
                Signal(SIGKILL);
                break;
            default:
                throw new ArgumentException($"no way to die is called {how}", nameof(how));
        }
    }

    private static int Deeper(int depth) => depth == 0 ? 0 : Deeper(depth - 1) + Deeper(0) + 1;

    private static long Grow(int megabytes, bool keep)
    {
        var blocks = keep ? Leaked : [];
        for (var i = 0; i < megabytes; i++)
        {
            // Touched, or the kernel would not give it.
            var block = new byte[1024 * 1024];
            Array.Fill(block, (byte)1);
            blocks.Add(block);
        }

        return Environment.WorkingSet;
    }

    [LibraryImport("libc", EntryPoint = "strlen")]
    private static partial nint StringLength(nint text);

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int pid, int signal);

    [JsonConverter(typeof(DiesWhenReadConverter))]
    internal sealed record DiesWhenRead(string How);

    [JsonConverter(typeof(DiesWhenWrittenConverter))]
    internal sealed record DiesWhenWritten(string How);

    private sealed class HostileException : Exception
    {
        public override string Message => throw new InvalidOperationException("even my message throws");
    }

    private sealed class DiesWhenReadConverter : JsonConverter<DiesWhenRead>
    {
        public override DiesWhenRead Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            var how = reader.GetString()!;
            Die(how);
            return new DiesWhenRead(how);
        }

        public override void Write(Utf8JsonWriter writer, DiesWhenRead value, JsonSerializerOptions options) => writer.WriteStringValue(value.How);
    }

    private sealed class DiesWhenWrittenConverter : JsonConverter<DiesWhenWritten>
    {
        public override DiesWhenWritten Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => new(reader.GetString()!);

        public override void Write(Utf8JsonWriter writer, DiesWhenWritten value, JsonSerializerOptions options)
        {
            Die(value.How);
            writer.WriteStringValue(value.How);
        }
    }
}
