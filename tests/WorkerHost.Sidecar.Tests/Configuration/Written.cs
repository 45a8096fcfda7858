using System.Collections.Immutable;
using WorkerHost.Sidecar.Configuration;

namespace WorkerHost.Sidecar.Tests.Configuration;

/// <summary>A configuration in a directory of its own, read as a host reads it, with no other environment than it is given.</summary>
internal sealed class Written : IDisposable
{
    public const string OnePool = """{ "pools": { "images": { "command": { "fileName": "image-worker" } } } }""";

    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("workerhost-configuration-");

    public Written(string? json = null)
    {
        if (json is not null)
        {
            File("workerhost.json", json);
        }
    }

    public string Place => directory.FullName;

    public string File(string name, string text, UnixFileMode mode = UnixFileMode.UserRead | UnixFileMode.UserWrite)
    {
        var path = Path.Combine(directory.FullName, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        System.IO.File.WriteAllText(path, text);
        System.IO.File.SetUnixFileMode(path, mode);
        return path;
    }

    public HostConfiguration Read(string[]? set = null, Dictionary<string, string>? environment = null, string? file = null) => HostConfiguration.Read(new SettingInput
    {
        File = file,
        Set = [.. set ?? []],
        Environment = (environment ?? []).ToImmutableSortedDictionary(StringComparer.Ordinal),
        Directory = directory.FullName,
    });

    /// <summary>What is wrong, a line each.</summary>
    public string[] Errors(string[]? set = null, Dictionary<string, string>? environment = null, string? file = null) =>
        [.. Read(set, environment, file).Errors.Select(static e => e.ToString())];

    public void Dispose() => directory.Delete(recursive: true);
}
