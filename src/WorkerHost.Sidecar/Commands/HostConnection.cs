using System.Collections.Immutable;
using System.Net.Security;
using System.Security.Authentication;
using Grpc.Core;
using WorkerHost.Client;
using WorkerHost.V1;

namespace WorkerHost.Sidecar.Commands;

/// <summary>A connection to one plane of a host. Not thread-safe to dispose; calls may run side by side.</summary>
internal sealed class HostConnection : IDisposable
{
    private const int Largest = 1 << 30;

    private readonly EndpointChannel channel;

    private HostConnection(HostLocation location, ImmutableArray<string> addresses, string? tokenFile, string? certificate, string plane)
    {
        if (addresses.IsEmpty)
        {
            throw new CommandException(ExitCode.Unreachable, $"{location.Said} names no address of the host's {plane} plane{location.Fate}");
        }

        Location = location;
        Address = Nearest(addresses);
        Secret = IsTcp(Address) ? HostLocation.Token(tokenFile) : null;
        Tls = IsEncrypted ? location.Tls.With(certificate) : null;
        channel = new EndpointChannel(new WorkerEndpoint(new WorkerId("host", 0, 0), new Uri(Address), 0, Secret, 1) { Tls = Tls }, Largest, drainSafe: false);
    }

    public HostLocation Location { get; }

    public string Address { get; }

    /// <summary>What is shown over TCP; null: nothing.</summary>
    public string? Secret { get; }

    /// <summary>How TLS is spoken; null: not at all.</summary>
    public SslClientAuthenticationOptions? Tls { get; }

    public Metadata? Headers => channel.Headers();

    public static HostConnection Data(HostLocation location) => new(location, location.Endpoints.Data, location.Endpoints.TokenFile, location.Endpoints.Certificate, "data");

    public static HostConnection Admin(HostLocation location) => new(location, location.Endpoints.Admin, location.Endpoints.AdminTokenFile, location.Endpoints.AdminCertificate, "admin");

    public TaskEndpoint.TaskEndpointClient Tasks() => new(channel.Invoker);

    public SupervisorAdmin.SupervisorAdminClient Admin() => new(channel.Invoker);

    public void Dispose() => channel.Dispose();

    /// <summary>Nobody answers there.</summary>
    public CommandException Unreachable(Exception why) => Innermost(why) is AuthenticationException untrusted
        ? new(ExitCode.NoPermission, $"{Address} shows a certificate that is not trusted here: {untrusted.Message}\n  --authority FILE names who has signed it", why)
        : new(
            ExitCode.Unreachable,
            $"the host does not answer at {Address}: {Innermost(why).Message}{Location.Fate}\n  said by: {Location.Said}\n{(IsEncrypted && Location.Tls.Certificate is null ? "  a host that asks for a certificate is shown one by: --certificate FILE\n" : "")}{HostLocation.Advice}",
            why);

    /// <summary>What the host said instead of an answer; or that it said nothing.</summary>
    public CommandException Refused(RpcException e) => e switch
    {
        { StatusCode: StatusCode.Unavailable or StatusCode.Internal, Status.DebugException: { } broken } => Unreachable(broken),
        { StatusCode: StatusCode.Unauthenticated or StatusCode.PermissionDenied } =>
            new(ExitCode.NoPermission, $"{Address}: {e.Status.Detail}\n  the token is in the file that --token-file names; over a Unix socket none is needed", e),
        { StatusCode: StatusCode.Unimplemented } =>
            new(ExitCode.Usage, $"{Address} does not know what this command asks for: {e.Status.Detail}\n  tasks go to the data plane of a host, all else to its admin plane; its endpoint file has both", e),
        { StatusCode: StatusCode.NotFound or StatusCode.InvalidArgument or StatusCode.OutOfRange } => new(ExitCode.Usage, e.Status.Detail, e),
        { StatusCode: StatusCode.Unavailable or StatusCode.ResourceExhausted } => new(ExitCode.TryAgain, e.Status.Detail, e),
        _ => new(ExitCode.Failed, e.Status.Detail, e),
    };

    private bool IsEncrypted => new Uri(Address).Scheme == Uri.UriSchemeHttps;

    // Over a socket of this machine nothing has to be shown, and nobody listens in.
    private static string Nearest(ImmutableArray<string> addresses) =>
        addresses.FirstOrDefault(static a => UnixAddress.PathOf(new Uri(a)) is { } path && Path.Exists(path)) ?? addresses.FirstOrDefault(IsTcp) ?? addresses[0];

    private static bool IsTcp(string address) => UnixAddress.PathOf(new Uri(address)) is null;

    private static Exception Innermost(Exception e) => e.InnerException is { } inner and not System.Net.Sockets.SocketException ? Innermost(inner) : e;
}
