using Grpc.Core;

namespace WorkerHost.Worker;

/// <summary>A streaming call in this worker: a run in a lane whose payload and result pass it by.</summary>
internal interface ICallRun
{
    /// <summary>Calls the user's method; the service is given, and what the method sees of its call.</summary>
    Func<object, ServerCallContext, Task> Body { get; }

    /// <summary>The call at the worker's port.</summary>
    ServerCallContext Context { get; }

    /// <summary>What the method answered with, where it failed by its own choice.</summary>
    RpcException? Thrown { get; set; }

    /// <summary>Done when the run has ended.</summary>
    Task<TaskEnd> Ended { get; }

    /// <summary>The caller has hung up, or the deadline has passed.</summary>
    void CancelByCaller();
}
