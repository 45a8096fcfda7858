using System.Text.Json;
using System.Text.Json.Serialization;
using WorkerHost.Supervision;

namespace WorkerHost.Sidecar.Hosting;

/// <summary>
/// A file that says where the host can be found, with its actual ports, for whoever starts it and for the commands. It is there whole
/// or not at all, once the host listens, and only its own user may read it.
/// </summary>
internal sealed class EndpointFile : IDisposable
{
    private const string FileName = "endpoint.json";

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    private readonly HostEndpoints endpoints;

    private EndpointFile(string path, HostEndpoints endpoints)
    {
        FullPath = path;
        this.endpoints = endpoints;
    }

    /// <summary>Where it is, whatever becomes of the current directory.</summary>
    public string FullPath { get; }

    /// <summary>
    /// Where it is if nobody says so: <c>workerhost/endpoint.json</c> in XDG_RUNTIME_DIR, which is this user's own; else in
    /// <c>workerhost-UID</c> in the directory for temporary files.
    /// </summary>
    public static string DefaultPath() => Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR") is { Length: > 0 } own
        ? Path.Combine(own, "workerhost", FileName)
        : Path.Combine(Path.GetTempPath(), OperatingSystem.IsWindows() ? "workerhost" : FormattableString.Invariant($"workerhost-{Libc.geteuid()}"), FileName);

    /// <summary>Writes it, over one that is there. A directory that is missing is made, for this user alone.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    public static EndpointFile Write(string path, HostEndpoints endpoints)
    {
        // Whoever reads it has a current directory of its own.
        endpoints = endpoints with
        {
            TokenFile = Full(endpoints.TokenFile),
            AdminTokenFile = Full(endpoints.AdminTokenFile),
            Certificate = Full(endpoints.Certificate),
            AdminCertificate = Full(endpoints.AdminCertificate),
        };
        var full = Path.GetFullPath(path);
        var directory = Path.GetDirectoryName(full) ?? throw new IOException($"{path} is no file");
        try
        {
            if (!Directory.Exists(directory))
            {
                MakePrivate(directory);
            }

            // Beside it, so that the last step is a rename within one file system.
            var draft = $"{full}.{Guid.NewGuid():N}";
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows())
            {
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            }

            try
            {
                using (var stream = new FileStream(draft, options))
                {
                    JsonSerializer.Serialize(stream, endpoints, Json);
                }

                File.Move(draft, full, overwrite: true);
            }
            catch
            {
                File.Delete(draft);
                throw;
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw new IOException($"the endpoint file {full} cannot be written: {e.Message}", e);
        }

        return new EndpointFile(full, endpoints);
    }

    /// <summary>What such a file says.</summary>
    /// <exception cref="IOException">It cannot be read, is no endpoint file, or belongs to somebody else than this user or root, who could lead anywhere with it.</exception>
    public static HostEndpoints Read(string path)
    {
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            return OperatingSystem.IsLinux() && FileFacts.Of(stream.SafeFileHandle)?.Owner is { } owner && owner != 0 && owner != Libc.geteuid()
                ? throw new IOException($"the endpoint file {path} belongs to user {owner}, and not to this one or root: it could lead anywhere")
                : JsonSerializer.Deserialize<HostEndpoints>(stream, Json) ?? throw new JsonException("it says null");
        }
        catch (JsonException e)
        {
            throw new IOException($"{path} is no endpoint file: {e.Message}", e);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new IOException($"the endpoint file {path} cannot be read: {e.Message}", e);
        }
    }

    /// <summary>Removes it, unless another host has written its own there since.</summary>
    public void Dispose()
    {
        try
        {
            if (Read(FullPath).Instance == endpoints.Instance)
            {
                File.Delete(FullPath);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Gone already, or not ours any more.
        }
    }

    private static string? Full(string? path) => path is null ? null : Path.GetFullPath(path);

    private static void MakePrivate(string directory)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(directory);
        }
        else
        {
            Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }
}
