using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace WorkerHost.TestWorker;

/// <summary>Facts in files: what was executed, and barriers for tests that wait for facts and not for time.</summary>
internal static partial class FileTasks
{
    public static void Map(WorkerApplication worker)
    {
        worker.MapTask("sha256", static (string path) => Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path))));
        worker.MapTask("read", static (string path) => File.ReadAllText(path));
        worker.MapTask("touch", static (string path) => File.WriteAllText(path, ""));

        // Until the file is there; heeds its token.
        worker.MapTask("wait_for_file", static (string path, CancellationToken token) => WaitFor(path, token));

        // Says that it runs by making the first file, then waits for the second.
        worker.MapTask("meet", static (string here, string there, CancellationToken token) =>
        {
            File.WriteAllText(here, "");
            WaitFor(there, token);
            return Environment.ProcessId;
        });
        worker.MapTask("meet_deaf", static (string here, string there) =>
        {
            File.WriteAllText(here, "");
            WaitFor(there, CancellationToken.None);
            return Environment.ProcessId;
        });

        // An execution log for oracles: "id attempt pid begin" before and "id attempt pid end" after; lines are appended whole.
        worker.MapTask("record", static (string path, int ms, TaskContext context) =>
        {
            Append(path, context, "begin");
            if (ms > 0)
            {
                Thread.Sleep(ms);
            }

            Append(path, context, "end");
            return context.Id;
        });
    }

    private static void WaitFor(string path, CancellationToken token)
    {
        while (!File.Exists(path))
        {
            token.ThrowIfCancellationRequested();
            Thread.Sleep(1);
        }
    }

    private static void Append(string path, TaskContext context, string what)
    {
        var line = string.Create(
            CultureInfo.InvariantCulture,
            $"{context.Id} {context.Attempt} {Environment.ProcessId} {what} {System.Diagnostics.Stopwatch.GetTimestamp()}\n");

        // O_APPEND and one write: whole lines, whoever else writes. FileMode.Append only seeks to the end once.
        const int append = 0x400, create = 0x40, writeOnly = 1;
        var bytes = System.Text.Encoding.UTF8.GetBytes(line);
        var file = Open(path, writeOnly | create | append, Convert.ToInt32("600", 8));
        if (file < 0 || Write(file, bytes, bytes.Length) != bytes.Length)
        {
            throw new IOException($"could not append to {path}");
        }

        _ = Close(file);
    }

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags, int mode);

    [LibraryImport("libc", EntryPoint = "write")]
    private static partial nint Write(int file, byte[] bytes, nint count);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int file);
}
