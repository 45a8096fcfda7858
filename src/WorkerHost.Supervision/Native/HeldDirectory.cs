using System.Globalization;
using Microsoft.Win32.SafeHandles;

namespace WorkerHost.Supervision;

/// <summary>
/// An open directory: this very one, whatever its path comes to mean meanwhile. Everything in it is reached through the
/// descriptor and no link is followed, so that nobody who may write in it can lead us elsewhere.
/// </summary>
internal sealed class HeldDirectory : IDisposable
{
    private readonly SafeFileHandle handle;

    private HeldDirectory(SafeFileHandle handle) => this.handle = handle;

    /// <summary>Who owns it; null where that cannot be known.</summary>
    public uint? Owner => FileFacts.Of(handle)?.Owner;

    /// <summary>Somebody else than its owner may put something in it; also where that cannot be known.</summary>
    public bool IsOpenToOthers => FileFacts.Of(handle) is not { } facts || (facts.Mode & Convert.ToInt32("022", 8)) != 0;

    /// <summary>Through /proc: a path that leads here for as long as this is open.</summary>
    public string Here => string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{handle.DangerousGetHandle()}/");

    /// <returns>Null where there is no directory, or only a link to one.</returns>
    public static HeldDirectory? TryOpen(string path)
    {
        var fd = Libc.open(path, Libc.O_DIRECTORY | Libc.O_NOFOLLOW | Libc.O_CLOEXEC);
        return fd < 0 ? null : new HeldDirectory(new SafeFileHandle(fd, ownsHandle: true));
    }

    /// <summary>
    /// Locks it for as long as this is open. The lock is the kernel's: it ends with the process, however that ends, and
    /// holds across containers and pid namespaces. No child inherits it (close on exec).
    /// </summary>
    /// <returns>False: somebody else holds it, or this file system knows no such locks.</returns>
    public bool TryLock() => Libc.flock((int)handle.DangerousGetHandle(), Libc.LOCK_EX | Libc.LOCK_NB) == 0;

    /// <summary>The path of a file in it, for as long as this is open.</summary>
    public string PathOf(string name) => Here + name;

    /// <summary>Deletes what is in it, at most so many entries of any depth; what cannot be deleted stays, and all else goes.</summary>
    /// <param name="mostEntries">More than that is not ours.</param>
    /// <param name="last">The name of what is deleted after everything else, and only then.</param>
    /// <exception cref="IOException">Something cannot be deleted, or there is more.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public void Empty(int mostEntries, string last)
    {
        new Emptying(this, mostEntries, last).Run();
        File.Delete(PathOf(last));
    }

    public void Dispose() => handle.Dispose();
}
