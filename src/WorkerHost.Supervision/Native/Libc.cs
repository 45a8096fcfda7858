using System.Runtime.InteropServices;

namespace WorkerHost.Supervision;

/// <summary>The few calls of the C library that the runtime does not offer. Linux only; glibc and musl.</summary>
internal static unsafe partial class Libc
{
    public const int ESRCH = 3;
    public const int EINTR = 4;
    public const int ENOEXEC = 8;
    public const int EAGAIN = 11;

    public const int O_NONBLOCK = 0x800;
    public const int O_CLOEXEC = 0x80000;
    public const int O_RDWR = 2;
    public const int F_SETFL = 4;
    public const int F_DUPFD_CLOEXEC = 1030;

    /// <summary>The flags whose values depend on the architecture: arm and arm64 swapped them with others.</summary>
    public static readonly int O_DIRECTORY = IsArm ? 0x4000 : 0x10000;
    public static readonly int O_NOFOLLOW = IsArm ? 0x8000 : 0x20000;

    public const int X_OK = 1;
    public const int W_OK = 2;
    public const int LOCK_EX = 2;
    public const int LOCK_NB = 4;

    public const int AT_EMPTY_PATH = 0x1000;
    public const int AT_FDCWD = -100;
    public const int AT_SYMLINK_NOFOLLOW = 0x100;
    public const uint STATX_BASIC_STATS = 0x7ff;

    public const short POLLIN = 1;

    public const int P_PID = 1;
    public const int WNOHANG = 1;
    public const int WSTOPPED = 2;
    public const int WEXITED = 4;
    public const int WNOWAIT = 0x0100_0000;

    public const int CLD_EXITED = 1;
    public const int CLD_KILLED = 2;
    public const int CLD_DUMPED = 3;
    public const int CLD_STOPPED = 5;

    public const short POSIX_SPAWN_SETSIGDEF = 0x04;
    public const short POSIX_SPAWN_SETSIGMASK = 0x08;
    public const short POSIX_SPAWN_SETSID = 0x80;

    /// <summary>Larger than posix_spawnattr_t (336) and posix_spawn_file_actions_t (80) of any libc in use.</summary>
    public const int SpawnStructSize = 1024;

    /// <summary>sigset_t of glibc and musl.</summary>
    public const int SignalSetSize = 128;

    public const int SignalInfoSize = 128;

    private const string Name = "libc";

    [StructLayout(LayoutKind.Sequential)]
    public struct PollFd
    {
        public int Fd;
        public short Events;
        public short Revents;
    }

    [LibraryImport(Name, SetLastError = true)]
    public static partial int pipe2(int* fds, int flags);

    [LibraryImport(Name, SetLastError = true)]
    public static partial int open([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags);

    [LibraryImport(Name, SetLastError = true)]
    public static partial int mkdir([MarshalAs(UnmanagedType.LPUTF8Str)] string path, uint mode);

    [LibraryImport(Name, SetLastError = true)]
    public static partial int flock(int fd, int operation);

    /// <summary>struct statx is the kernel's own and the same on every architecture.</summary>
    [LibraryImport(Name, SetLastError = true)]
    public static partial int statx(int fd, [MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags, uint mask, byte* buffer);

    [LibraryImport(Name)]
    public static partial uint geteuid();

    [LibraryImport(Name, SetLastError = true)]
    public static partial int close(int fd);

    [LibraryImport(Name, SetLastError = true)]
    public static partial nint read(int fd, byte* buffer, nint count);

    [LibraryImport(Name, SetLastError = true)]
    public static partial nint write(int fd, byte* buffer, nint count);

    [LibraryImport(Name, SetLastError = true)]
    public static partial int fcntl(int fd, int command, nint argument);

    [LibraryImport(Name, SetLastError = true)]
    public static partial int poll(PollFd* fds, nuint count, int timeout);

    [LibraryImport(Name, SetLastError = true)]
    public static partial int eventfd(uint initial, int flags);

    [LibraryImport(Name, SetLastError = true)]
    public static partial int kill(int pid, int signal);

    [LibraryImport(Name, SetLastError = true)]
    public static partial int waitid(int idType, uint id, byte* info, int options);

    [LibraryImport(Name, SetLastError = true)]
    public static partial int wait4(int pid, int* status, int options, long* usage);

    [LibraryImport(Name, SetLastError = true)]
    public static partial int getrusage(int who, long* usage);

    [LibraryImport(Name, SetLastError = true)]
    public static partial int access([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int mode);

    [LibraryImport(Name, SetLastError = true)]
    public static partial nint syscall(nint number, nint first, nint second);

    [LibraryImport(Name, SetLastError = true, EntryPoint = "syscall")]
    private static partial nint syscall4(nint number, nint first, nint second, nint third, nint fourth);

    [LibraryImport(Name)]
    public static partial int sigemptyset(byte* set);

    [LibraryImport(Name)]
    public static partial int sigfillset(byte* set);

    [LibraryImport(Name)]
    public static partial int posix_spawn(int* pid, byte* path, byte* actions, byte* attributes, byte** argv, byte** envp);

    [LibraryImport(Name)]
    public static partial int posix_spawnattr_init(byte* attributes);

    [LibraryImport(Name)]
    public static partial int posix_spawnattr_destroy(byte* attributes);

    [LibraryImport(Name)]
    public static partial int posix_spawnattr_setflags(byte* attributes, short flags);

    [LibraryImport(Name)]
    public static partial int posix_spawnattr_setsigmask(byte* attributes, byte* set);

    [LibraryImport(Name)]
    public static partial int posix_spawnattr_setsigdefault(byte* attributes, byte* set);

    [LibraryImport(Name)]
    public static partial int posix_spawn_file_actions_init(byte* actions);

    [LibraryImport(Name)]
    public static partial int posix_spawn_file_actions_destroy(byte* actions);

    [LibraryImport(Name)]
    public static partial int posix_spawn_file_actions_adddup2(byte* actions, int from, int to);

    [LibraryImport(Name)]
    public static partial int posix_spawn_file_actions_addopen(byte* actions, int fd, byte* path, int flags, uint mode);

    [LibraryImport(Name)]
    public static partial int posix_spawn_file_actions_addchdir_np(byte* actions, byte* path);

    /// <summary>glibc 2.34 and newer; musl has none.</summary>
    [LibraryImport(Name)]
    public static partial int posix_spawn_file_actions_addclosefrom_np(byte* actions, int lowest);

    private static bool IsArm => RuntimeInformation.ProcessArchitecture is Architecture.Arm or Architecture.Arm64;

    public static int Errno => Marshal.GetLastPInvokeError();

    public static string Message(int errno) => $"{Marshal.GetPInvokeErrorMessage(errno)} (errno {errno})";

    /// <summary>Wraps pidfd_open, which musl and older glibc do not export. The number is the same on all architectures.</summary>
    public static int PidfdOpen(int pid) => (int)syscall(434, pid, 0);

    /// <summary>Wraps pidfd_send_signal in the same way.</summary>
    public static int PidfdSendSignal(int pidfd, int signal) => (int)syscall4(424, pidfd, signal, 0, 0);
}
