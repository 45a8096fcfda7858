using System.Globalization;
using System.Runtime.InteropServices;

namespace WorkerHost.Supervision;

/// <summary>A user and group that workers run as.</summary>
/// <param name="UserId">The user's number.</param>
/// <param name="GroupId">The group's number.</param>
/// <param name="Name">Null where only a number is known: such a user has no further groups.</param>
/// <param name="Home">Null where only a number is known.</param>
internal sealed unsafe partial record UserAccount(uint UserId, uint GroupId, string? Name, string? Home)
{
    private const int Room = 64 * 1024;

    /// <summary>(uid_t)-1 and (gid_t)-1 mean "leave it as it is" to the kernel: nobody has them.</summary>
    private const uint Nobodys = uint.MaxValue;

    /// <summary>By name, or by number, which need not be known to the system. Null where there is no such user.</summary>
    public static UserAccount? Find(string user)
    {
        Passwd entry;
        Passwd* found;
        var text = NativeMemory.Alloc(Room);
        try
        {
            var isNumber = uint.TryParse(user, NumberStyles.None, CultureInfo.InvariantCulture, out var number);
            var error = isNumber
                ? getpwuid_r(number, &entry, (byte*)text, Room, &found)
                : getpwnam_r(user, &entry, (byte*)text, Room, &found);
            if (error == 0 && found is not null)
            {
                return new UserAccount(entry.UserId, entry.GroupId, Text(entry.Name), Text(entry.Home));
            }

            return isNumber && number != Nobodys ? new UserAccount(number, number, null, null) : null;
        }
        finally
        {
            NativeMemory.Free(text);
        }
    }

    /// <summary>The number of a group, given by name or number; null where there is no such group.</summary>
    public static uint? FindGroup(string group)
    {
        if (uint.TryParse(group, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            return number == Nobodys ? null : number;
        }

        Group entry;
        Group* found;
        var text = NativeMemory.Alloc(Room);
        try
        {
            return getgrnam_r(group, &entry, (byte*)text, Room, &found) == 0 && found is not null ? entry.GroupId : null;
        }
        finally
        {
            NativeMemory.Free(text);
        }
    }

    /// <summary>The first directory on the way to this one, itself included, that this user may not enter, by its mode; null when there is none.</summary>
    public string? Barrier(string directory)
    {
        var path = "/";
        foreach (var part in Path.GetFullPath(directory).Split('/', StringSplitOptions.RemoveEmptyEntries).Prepend(""))
        {
            path = Path.Combine(path, part);
            if (May(path, 0b001) == false)
            {
                return path;
            }
        }

        return null;
    }

    /// <summary>Whether this user may make files in a directory, by its mode and those on the way to it.</summary>
    public bool MayWriteIn(string directory) => Barrier(directory) is null && May(directory, 0b011) == true;

    /// <summary>Null where there is nothing of that path.</summary>
    private bool? May(string path, int rights)
    {
        // struct statx: stx_uid, stx_gid, stx_mode; the same everywhere.
        const int UserAt = 20;
        const int GroupAt = 24;
        const int ModeAt = 28;
        var facts = stackalloc byte[256];
        if (Libc.statx(0, path, 0, Libc.STATX_BASIC_STATS, facts) != 0)
        {
            return null;
        }

        var shift = *(uint*)(facts + UserAt) == UserId ? 6 : *(uint*)(facts + GroupAt) == GroupId ? 3 : 0;
        return UserId == 0 || (*(ushort*)(facts + ModeAt) >> shift & rights) == rights;
    }

    /// <summary>Hands a file or directory over; a link itself, not what it points to.</summary>
    /// <exception cref="IOException">It could not be done.</exception>
    public void Own(string path)
    {
        if (lchown(path, UserId, GroupId) != 0)
        {
            throw new IOException($"'{path}' could not be given to user {UserId}: {Libc.Message(Libc.Errno)}");
        }
    }

    private static string? Text(byte* text) => Marshal.PtrToStringUTF8((nint)text);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int lchown([MarshalAs(UnmanagedType.LPUTF8Str)] string path, uint user, uint group);

    [LibraryImport("libc")]
    private static partial int getpwnam_r([MarshalAs(UnmanagedType.LPUTF8Str)] string name, Passwd* entry, byte* text, nuint length, Passwd** found);

    [LibraryImport("libc")]
    private static partial int getpwuid_r(uint user, Passwd* entry, byte* text, nuint length, Passwd** found);

    [LibraryImport("libc")]
    private static partial int getgrnam_r([MarshalAs(UnmanagedType.LPUTF8Str)] string name, Group* entry, byte* text, nuint length, Group** found);

    /// <summary>struct passwd of glibc and musl.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Passwd
    {
        public byte* Name;
        public byte* Password;
        public uint UserId;
        public uint GroupId;
        public byte* Gecos;
        public byte* Home;
        public byte* Shell;
    }

    /// <summary>struct group of glibc and musl.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Group
    {
        public byte* Name;
        public byte* Password;
        public uint GroupId;
        public byte** Members;
    }
}
