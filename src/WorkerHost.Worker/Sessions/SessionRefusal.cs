using Grpc.Core;
using WorkerHost.V1;

namespace WorkerHost.Worker;

/// <summary>Why a session is not opened, or ended: always with the words that let the peer's author mend it.</summary>
internal static class SessionRefusal
{
    public static RpcException Broken(string what) => new(new Status(StatusCode.InvalidArgument, $"protocol error: {what}"));

    public static RpcException Draining(EndpointCore core) =>
        new(new Status(StatusCode.Unavailable, $"{core.Called} is leaving and takes no new session"));

    /// <summary>Null: the hello is acceptable.</summary>
    public static RpcException? Check(ClientHello hello, EndpointCore core)
    {
        if (hello.MinProtocol > ProtocolLimits.MaxVersion || hello.MaxProtocol < ProtocolLimits.MinVersion)
        {
            return Refused(
                $"no common protocol version: the client speaks {hello.MinProtocol} to {hello.MaxProtocol}, {core.Called} speaks {ProtocolLimits.MinVersion} to {ProtocolLimits.MaxVersion}");
        }

        var missing = hello.RequiredCapabilities.Where(required => !core.Capabilities.Contains(required)).ToArray();
        if (missing.Length > 0)
        {
            return Refused(
                $"missing capabilities {string.Join(", ", missing)}: the client requires {string.Join(", ", hello.RequiredCapabilities)}, {core.Called} offers {string.Join(", ", core.Capabilities)}");
        }

        return hello.SessionKey == 0 ? Broken("the hello's session_key is 0; it must be random and not 0") : null;
    }

    private static RpcException Refused(string why) => new(new Status(StatusCode.FailedPrecondition, Bounded(why)));

    private static string Bounded(string text) => BoundedText.Cut(text, 1024);
}
