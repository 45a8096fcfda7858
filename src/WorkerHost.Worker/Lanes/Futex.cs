using System.Runtime.InteropServices;

namespace WorkerHost.Worker;

/// <summary>
/// Linux's own wait on a word of memory. A thread parked with it wakes some 30 µs sooner than one in Monitor.Wait, which
/// is a third of a small task's round trip (measured on two cores).
/// </summary>
internal static unsafe partial class Futex
{
    private const int WaitPrivate = 128;
    private const int WakePrivate = 129;

    private static readonly nint Number = RuntimeInformation.ProcessArchitecture switch
    {
        Architecture.X64 => 202,
        Architecture.Arm64 => 98,
        _ => 0,
    };

    public static bool IsSupported { get; } = OperatingSystem.IsLinux() && Number != 0;

    /// <summary>Blocks while the word has this value; may also return without a reason.</summary>
    public static void Wait(int* word, int value) => _ = SystemCall(Number, word, WaitPrivate, value, null, null, 0);

    public static void WakeOne(int* word) => _ = SystemCall(Number, word, WakePrivate, 1, null, null, 0);

    [LibraryImport("libc", EntryPoint = "syscall")]
    private static partial nint SystemCall(nint number, int* word, nint operation, nint value, void* timeout, void* word2, nint value3);
}
