using Microsoft.Win32.SafeHandles;

namespace WorkerHost.Supervision;

/// <summary>What the kernel says of a file or directory.</summary>
/// <param name="Owner">The number of the user it belongs to.</param>
/// <param name="Mode">Its type and permissions, as in stat(2).</param>
internal readonly record struct FileFacts(uint Owner, int Mode)
{
    private const int TypeBits = 0xF000;
    private const int SocketType = 0xC000;

    /// <summary>It is a socket, at which somebody may listen.</summary>
    public bool IsSocket => (Mode & TypeBits) == SocketType;

    /// <returns>Null where that cannot be known.</returns>
    public static FileFacts? Of(SafeFileHandle file) => Of((int)file.DangerousGetHandle(), "", Libc.AT_EMPTY_PATH);

    /// <summary>Of what stands at a path, a symbolic link itself and not where it leads; nothing is opened, so nothing can wait.</summary>
    /// <returns>Null: nothing is there, or it cannot be known.</returns>
    public static FileFacts? Of(string path) => Of(Libc.AT_FDCWD, path, Libc.AT_SYMLINK_NOFOLLOW);

    private static unsafe FileFacts? Of(int at, string path, int flags)
    {
        const int UidAt = 20;
        const int ModeAt = 28;
        var facts = stackalloc byte[256];
        try
        {
            return Libc.statx(at, path, flags, Libc.STATX_BASIC_STATS, facts) == 0
                ? new FileFacts(*(uint*)(facts + UidAt), *(ushort*)(facts + ModeAt))
                : null;
        }
        catch (EntryPointNotFoundException)
        {
            // A C library older than the call.
            return null;
        }
    }
}
