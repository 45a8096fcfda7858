using System.Globalization;
using WorkerHost.Sidecar.Configuration;
using WorkerHost.Sidecar.Hosting;

namespace WorkerHost.Sidecar.Commands;

/// <summary>Where a host is said to be. Immutable.</summary>
/// <param name="Said">Who says so, for messages.</param>
/// <param name="Endpoints">Where it can be found.</param>
internal sealed record HostLocation(string Said, HostEndpoints Endpoints)
{
    public const string FileVariable = "WORKERHOST_ENDPOINT_FILE";
    public const string AddressVariable = "WORKERHOST_HOST";

    /// <summary>For people who want a host: how to start one, how to say where it is.</summary>
    public const string Advice =
        $"  start one with: workerhost serve\n  or say where it is: --endpoint-file FILE, --host ADDRESS; {FileVariable} or {AddressVariable} in the environment";

    /// <summary>What is said of TLS.</summary>
    public HostTls Tls { get; init; } = new(null, null, null);

    /// <exception cref="CommandException">Nobody has said where a host is, or what was said cannot be used.</exception>
    public static HostLocation Find(string? address, string? file, string? tokenFile, Surroundings around)
    {
        var found =
            address is not null ? At(address, "--host")
            : file is not null ? Read(file, $"--endpoint-file {file}")
            : around.Variable(AddressVariable) is { Length: > 0 } named ? At(named, AddressVariable)
            : around.Variable(FileVariable) is { Length: > 0 } path ? Read(path, $"{FileVariable}={path}")
            : Read(EndpointFile.DefaultPath(), EndpointFile.DefaultPath());
        return tokenFile is null ? found : found with { Endpoints = found.Endpoints with { TokenFile = tokenFile, AdminTokenFile = tokenFile } };
    }

    /// <summary>What is known of its process, where it does not answer; empty: nothing.</summary>
    public string Fate => Endpoints.Pid == 0 || !OperatingSystem.IsLinux() || Directory.Exists(string.Create(CultureInfo.InvariantCulture, $"/proc/{Endpoints.Pid}"))
        ? ""
        : string.Create(CultureInfo.InvariantCulture, $" (its process {Endpoints.Pid} is gone, and has left the file behind)");

    /// <summary>The token to show, or null.</summary>
    /// <exception cref="CommandException">The file cannot be used.</exception>
    public static string? Token(string? file)
    {
        if (file is null)
        {
            return null;
        }

        var (token, problem) = TokenFile.Read(file);
        return token ?? throw new CommandException(ExitCode.NoPermission, $"the file with the token {problem}");
    }

    private static HostLocation At(string address, string said)
    {
        try
        {
            _ = new EndpointAddress(address);
            return new HostLocation($"{said} {address}", new HostEndpoints { Instance = "", Pid = 0, Data = [address], Admin = [address] });
        }
        catch (ArgumentException e)
        {
            throw new CommandException(ExitCode.Usage, $"{said}: {e.Message}", e);
        }
    }

    private static HostLocation Read(string path, string said)
    {
        try
        {
            return new HostLocation(said, EndpointFile.Read(path));
        }
        catch (IOException e)
        {
            var problem = e is FileNotFoundException or DirectoryNotFoundException ? "there is no such file" : e.Message;
            throw new CommandException(ExitCode.Unreachable, $"no host is known: {said}: {problem}\n{Advice}", e);
        }
    }
}
