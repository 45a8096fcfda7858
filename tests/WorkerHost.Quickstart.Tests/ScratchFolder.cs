using System.Diagnostics;

namespace WorkerHost.Quickstart.Tests;

/// <summary>A folder of a test's own, with the things .NET itself cannot make.</summary>
internal sealed class ScratchFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("wh-files-").FullName;

    public string Write(string name, string text = "")
    {
        var path = System.IO.Path.Combine(Path, name);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        return path;
    }

    /// <summary>Runs a piece of shell in the folder; printf's octal escapes make any byte.</summary>
    public void Shell(string script)
    {
        using var process = Process.Start(new ProcessStartInfo("/bin/sh", ["-ec", script]) { WorkingDirectory = Path })!;
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
    }

    /// <summary>Files of different content. Holes cost no disk, and reading them takes as long as reading anything that is in memory.</summary>
    public void Sparse(int files, int megabytes)
    {
        for (var i = 0; i < files; i++)
        {
            using var file = File.Create(System.IO.Path.Combine(Path, $"file-{i}"));
            file.Write(BitConverter.GetBytes(i));
            file.SetLength(Math.Max(sizeof(int), megabytes * 1024L * 1024));
        }
    }

    // What .NET cannot name it cannot delete.
    public void Dispose()
    {
        using var process = Process.Start("rm", ["-rf", "--", Path]);
        process.WaitForExit();
    }
}
