using System.Runtime.InteropServices;
using System.Text;

namespace WorkerHost.Samples.Quickstart;

/// <summary>
/// Finds every regular file under a folder. Links are not followed; pipes, sockets and devices are left out. Names are
/// read as bytes, because .NET's own enumeration replaces what is not UTF-8 and then nobody can open the file, or
/// even the folder, that had the name. One folder is open at a time; what is still to come is kept as paths of folders.
/// </summary>
internal static class FolderWalk
{
    private static readonly HashSet<string> BuildOutput = [".git", "bin", "obj"];

    public static IEnumerable<FoundFile> Files(string folder, bool leaveOutBuildOutput)
    {
        var root = Encoding.UTF8.GetBytes(folder.EndsWith('/') ? folder : folder + "/");
        var folders = new Stack<byte[]>();
        folders.Push([]);
        while (folders.TryPop(out var relative))
        {
            var directory = Open([.. root, .. relative]);
            if (directory == 0)
            {
                // One that is gone meanwhile has no files.
                if (relative.Length == 0 || Marshal.GetLastPInvokeError() != Libc.ENOENT)
                {
                    yield return new FoundFile(
                        relative.Length == 0 ? "."u8.ToArray() : relative[..^1],
                        new FileProblem(FileProblem.FolderNotReadable, $"the folder cannot be read: {Marshal.GetLastPInvokeErrorMessage()}"));
                }

                continue;
            }

            try
            {
                while (Libc.Next(directory, out var name, out var type))
                {
                    byte[] path = [.. relative, .. name];
                    if (type == Libc.Unknown)
                    {
                        type = Libc.TypeOf([.. root, .. path, 0]);
                    }

                    if (type == Libc.Regular)
                    {
                        yield return Found(path);
                    }
                    else if (type == Libc.Directory && name is not ([(byte)'.'] or [(byte)'.', (byte)'.']) && !(leaveOutBuildOutput && BuildOutput.Contains(Encoding.UTF8.GetString(name))))
                    {
                        folders.Push([.. path, (byte)'/']);
                    }
                }
            }
            finally
            {
                Libc.CloseDirectory(directory);
            }
        }
    }

    private static FoundFile Found(byte[] path) => new(path, FileName.Exact(path) is not null ? null : new FileProblem(
        FileProblem.NameIsNotUtf8,
        $"its name is not UTF-8 (bytes {Convert.ToHexStringLower(path)}); .NET cannot open it. Rename it to have it counted."));

    private static unsafe nint Open(byte[] path)
    {
        fixed (byte* p = (byte[])[.. path, 0])
        {
            return Libc.OpenDirectory(p);
        }
    }
}
