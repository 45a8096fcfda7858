using System.Runtime.InteropServices;
using System.Text;
using System.Text.RegularExpressions;

namespace WorkerHost.TestWorker;

/// <summary><c>--without-ledger</c>: as a worker in a language that cannot share memory, which leaves the ledger alone.</summary>
internal static partial class LaunchVerbs
{
    /// <summary>Before the SDK reads its launch line.</summary>
    public static void Run(string[] arguments)
    {
        if (arguments.Contains("--without-ledger"))
        {
            ForgetLedger();
        }
    }

    // Stdin becomes a pipe whose other end is a thread of ours: the launch line without one of its fields, then whatever comes, then the end.
    private static void ForgetLedger()
    {
        var lifeline = Checked(Duplicate(0));
        var line = new List<byte>();
        var one = new byte[1];
        do
        {
            Checked((int)Read(lifeline, one, 1));
            line.Add(one[0]);
        }
        while (one[0] != '\n');

        var pipe = new int[2];
        Checked(Pipe(pipe, CloseOnExec));
        Checked(Duplicate(pipe[0], 0));
        Checked(Close(pipe[0]));
        var without = Encoding.UTF8.GetBytes(Ledger().Replace(Encoding.UTF8.GetString([.. line]), ""));
        Checked((int)Write(pipe[1], without, without.Length));
        new Thread(() =>
        {
            while (Read(lifeline, one, 1) == 1)
            {
                _ = Write(pipe[1], one, 1);
            }

            _ = Close(pipe[1]);
        })
        { IsBackground = true }.Start();
    }

    private const int CloseOnExec = 0x80000;

    private static int Checked(int result) => result >= 0 ? result : throw new IOException($"errno {Marshal.GetLastPInvokeError()}");

    [GeneratedRegex("\"ledger\":\"[^\"]*\",")]
    private static partial Regex Ledger();

    [LibraryImport("libc", EntryPoint = "dup", SetLastError = true)]
    private static partial int Duplicate(int file);

    [LibraryImport("libc", EntryPoint = "dup2", SetLastError = true)]
    private static partial int Duplicate(int from, int to);

    [LibraryImport("libc", EntryPoint = "pipe2", SetLastError = true)]
    private static partial int Pipe([Out] int[] ends, int flags);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    private static partial nint Read(int file, [Out] byte[] bytes, nint count);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    private static partial nint Write(int file, byte[] bytes, nint count);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int Close(int file);
}
