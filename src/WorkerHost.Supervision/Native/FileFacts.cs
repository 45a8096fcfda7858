using Microsoft.Win32.SafeHandles;

namespace WorkerHost.Supervision;

/// <summary>What the kernel says of an open file or directory.</summary>
/// <param name="Owner">The number of the user it belongs to.</param>
/// <param name="Mode">Its type and permissions, as in stat(2).</param>
internal readonly record struct FileFacts(uint Owner, int Mode)
{
    /// <returns>Null where that cannot be known.</returns>
    public static unsafe FileFacts? Of(SafeFileHandle file)
    {
        const int UidAt = 20;
        const int ModeAt = 28;
        var facts = stackalloc byte[256];
        try
        {
            return Libc.statx((int)file.DangerousGetHandle(), "", Libc.AT_EMPTY_PATH, Libc.STATX_BASIC_STATS, facts) == 0
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
