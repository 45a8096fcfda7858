using Grpc.Core;

namespace WorkerHost.Worker;

/// <summary>Who may control this worker: the process that started it.</summary>
internal sealed class SupervisorPolicy(LaunchLine launch, int supervisorPid)
{
    /// <exception cref="RpcException">PERMISSION_DENIED: the caller is not the process that started this worker.</exception>
    public void Require(ServerCallContext context)
    {
        // On TCP the caller has shown the secret, which only the supervisor and those it trusts have.
        if (launch.Secret is not null || !OperatingSystem.IsLinux())
        {
            return;
        }

        var peer = context.GetHttpContext().Features.Get<PeerProcess>();
        if (peer is null || peer.Pid != supervisorPid)
        {
            throw new RpcException(new Status(
                StatusCode.PermissionDenied, $"only the process that started worker {launch.Worker} may control it"));
        }
    }
}
