using Grpc.Core;
using WorkerHost.V1;

namespace WorkerHost.Worker;

/// <summary>Why a session is not opened, or ended: always with the words that let the peer's author mend it.</summary>
internal static class SessionRefusal
{
    public static RpcException Broken(string what) => new(new Status(StatusCode.InvalidArgument, $"protocol error: {what}"));

    public static RpcException Draining(WorkerId worker) =>
        new(new Status(StatusCode.Unavailable, $"worker {worker} is leaving and takes no new session"));

    /// <summary>Null: the hello is acceptable.</summary>
    public static RpcException? Check(ClientHello hello, IReadOnlyList<string> capabilities, WorkerId worker)
    {
        if (hello.MinProtocol > ProtocolLimits.MaxVersion || hello.MaxProtocol < ProtocolLimits.MinVersion)
        {
            return Refused(
                $"no common protocol version: the client speaks {hello.MinProtocol} to {hello.MaxProtocol}, worker {worker} speaks {ProtocolLimits.MinVersion} to {ProtocolLimits.MaxVersion}");
        }

        var missing = hello.RequiredCapabilities.Where(required => !capabilities.Contains(required)).ToArray();
        if (missing.Length > 0)
        {
            return Refused(
                $"missing capabilities {string.Join(", ", missing)}: the client requires {string.Join(", ", hello.RequiredCapabilities)}, worker {worker} offers {string.Join(", ", capabilities)}");
        }

        if (hello.Pool.Length > 0 && hello.Pool != worker.Pool)
        {
            return new RpcException(new Status(StatusCode.NotFound, Bounded($"no pool \"{hello.Pool}\" here; worker {worker} belongs to \"{worker.Pool}\"")));
        }

        return hello.SessionKey == 0 ? Broken("the hello's session_key is 0; it must be random and not 0") : null;
    }

    private static RpcException Refused(string why) => new(new Status(StatusCode.FailedPrecondition, Bounded(why)));

    private static string Bounded(string text) => BoundedText.Cut(text, 1024);
}
