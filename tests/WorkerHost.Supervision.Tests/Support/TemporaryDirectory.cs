namespace WorkerHost.Supervision.Tests;

internal sealed class TemporaryDirectory : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("whsup-").FullName;

    public string File(string name, string content, bool executable = false)
    {
        var path = System.IO.Path.Combine(Path, name);
        System.IO.File.WriteAllText(path, content);
        if (executable)
        {
            System.IO.File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        return path;
    }

    /// <summary>Lets others pass, and see nothing.</summary>
    public void OpenToOthers() => System.IO.File.SetUnixFileMode(Path, System.IO.File.GetUnixFileMode(Path) | UnixFileMode.OtherExecute);

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
