using Grpc.Core;

namespace WorkerHost.Client;

/// <summary>A streaming call that waits for a place at an endpoint, and then goes there itself.</summary>
internal interface IStreamedCall : ICompletion
{
    /// <summary>It has a place. Called once, outside the dispatcher's gate; never throws.</summary>
    /// <param name="channel">To the endpoint.</param>
    /// <param name="metadata">Everything that it has to bring along.</param>
    void Open(CallChannel channel, Metadata metadata);
}
