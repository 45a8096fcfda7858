using System.Runtime.InteropServices;

namespace WorkerHost.Samples.Quickstart;

/// <summary>What .NET does not offer: file names as the bytes they are, a kill past the supervisor, and a write
/// that tells when the reader has gone.</summary>
internal static unsafe partial class Libc
{
    public const int SIGKILL = 9;
    public const int ENOENT = 2;
    public const int EINTR = 4;
    public const int EAGAIN = 11;
    public const int EPIPE = 32;

    public const int StdoutFileno = 1;

    public const byte Unknown = 0;
    public const byte Directory = 4;
    public const byte Regular = 8;

    // struct dirent64: inode and offset of 8 bytes each, length of 2, type of 1, then the name.
    private const int TypeAt = 18;
    private const int NameAt = 19;

    // struct statx: the mode stands at 28 on every architecture.
    private const int StatxBytes = 256;
    private const int ModeAt = 28;
    private const int AtFdcwd = -100;
    private const int NoFollow = 0x100;
    private const uint StatxType = 1;

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    public static partial int Kill(int pid, int signal);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    public static partial nint Write(int descriptor, ReadOnlySpan<byte> bytes, nint count);

    [LibraryImport("libc", EntryPoint = "opendir", SetLastError = true)]
    public static partial nint OpenDirectory(byte* path);

    [LibraryImport("libc", EntryPoint = "closedir")]
    public static partial int CloseDirectory(nint directory);

    [LibraryImport("libc", EntryPoint = "readdir64", SetLastError = true)]
    private static partial byte* ReadDirectory(nint directory);

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true)]
    private static partial int Statx(int folder, byte* path, int flags, uint mask, byte* result);

    /// <summary>The next entry's name and type; false at the end.</summary>
    public static bool Next(nint directory, out byte[] name, out byte type)
    {
        var entry = ReadDirectory(directory);
        if (entry is null)
        {
            (name, type) = ([], Unknown);
            return false;
        }

        name = MemoryMarshal.CreateReadOnlySpanFromNullTerminated(entry + NameAt).ToArray();
        type = entry[TypeAt];
        return true;
    }

    /// <summary>For a file system that leaves the type out of its entries.</summary>
    public static byte TypeOf(byte[] path)
    {
        var result = stackalloc byte[StatxBytes];
        fixed (byte* p = path)
        {
            return Statx(AtFdcwd, p, NoFollow, StatxType, result) != 0 ? Unknown : (byte)(*(ushort*)(result + ModeAt) >> 12);
        }
    }
}
