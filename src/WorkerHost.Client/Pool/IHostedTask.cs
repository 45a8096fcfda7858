namespace WorkerHost.Client;

/// <summary>A task that a host runs for one of its clients.</summary>
internal interface IHostedTask : ICompletion
{
    /// <summary>The task is about to be submitted, or is one that runs already.</summary>
    void Begins(TaskEntry task);
}
