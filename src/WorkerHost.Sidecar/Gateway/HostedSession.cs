using WorkerHost.Client;
using WorkerHost.Worker;

namespace WorkerHost.Sidecar.Gateway;

/// <summary>A session of a client, and what is known of those before it.</summary>
/// <param name="client">Whose.</param>
/// <param name="before">The one it takes the place of, where that is still open.</param>
/// <param name="remembersAll">The client is known ever since its first session in this line: a task that is not known has never come, or its outcome is on the list of those that were lost.</param>
internal sealed class HostedSession(HostedClient client, TaskSession? before, bool remembersAll)
{
    public HostedClient Client => client;

    /// <summary>What of the one before is still on its way to us is not read any more, so that nothing of it comes after what is submitted again.</summary>
    public Task BreakBeforeAsync() => before?.BreakAsync() ?? Task.CompletedTask;

    /// <summary>Not null: it is new, and to be submitted.</summary>
    public TaskEntry? Prepare(SessionTask run) => client.Prepare(run, remembersAll);
}
