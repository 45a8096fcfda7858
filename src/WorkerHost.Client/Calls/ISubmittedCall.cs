namespace WorkerHost.Client;

/// <summary>A call of gRPC on its way through the pool: whatever becomes of its task is told by the call, never thrown.</summary>
internal interface ISubmittedCall : ICompletion
{
    /// <summary>The task is about to be submitted.</summary>
    void Begins(TaskEntry task);

    /// <summary>The task was accepted, and may have ended since.</summary>
    void CancelWith(CancellationToken token);

    /// <summary>It ends without its task.</summary>
    void End(CallEnd how);
}
