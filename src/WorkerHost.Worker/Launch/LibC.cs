using System.Runtime.InteropServices;

namespace WorkerHost.Worker;

/// <summary>
/// The few calls of the C library that .NET has no face for. Names as in its manual pages. fcntl and prctl take a variable
/// number of arguments, which is called like a fixed one on Linux, but not on every system: they are for Linux only.
/// </summary>
internal static partial class LibC
{
    public const int F_DUPFD_CLOEXEC = 1030;
    public const int O_RDONLY = 0;
    public const int O_CLOEXEC = 0x80000;
    public const int PR_SET_PDEATHSIG = 1;
    public const int PR_GET_PDEATHSIG = 2;
    public const int SIGKILL = 9;

    [LibraryImport("libc", SetLastError = true)]
    public static partial int fcntl(int fd, int command, int argument);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int open(string path, int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int dup2(int from, int to);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int close(int fd);

    [LibraryImport("libc")]
    public static partial uint geteuid();

    [LibraryImport("libc")]
    public static partial int getppid();

    [LibraryImport("libc", SetLastError = true)]
    public static partial int prctl(int option, nint argument, nint unused3, nint unused4, nint unused5);

    [LibraryImport("libc", EntryPoint = "_exit")]
    public static partial void exit_now(int code);
}
