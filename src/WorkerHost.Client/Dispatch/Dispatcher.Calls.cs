namespace WorkerHost.Client;

/// <summary>
/// Streaming calls. To the dispatcher they are tasks that hold a lane of an endpoint like others, under a number of its session; but they go there by
/// themselves, only where a lane is free, and once. That one has ended the endpoint says on the session, however the call itself ended.
/// </summary>
internal sealed partial class Dispatcher
{
    private const int MaxGivenUp = 1024;

    private void OpenCall(TaskEntry entry, EndpointState endpoint, long now)
    {
        // From here on it may run, and nobody sees when it is written.
        entry.Written = true;
        entry.SentAt = now;
        actions.Add(new DispatchAction(DispatchActionKind.OpenCall, entry, endpoint, Sequence: entry.Sequence));
    }

    private static void CancelCall(TaskEntry entry, EndpointState endpoint)
    {
        if (endpoint.CallsGivenUp.Count == MaxGivenUp)
        {
            endpoint.CallsGivenUp.Clear();
        }

        endpoint.CallCancels.Add(entry.Sequence);
        endpoint.CallsGivenUp.Add(entry.Sequence);
    }

    /// <summary>True: there are endpoints, none of them will ever take it, and it has ended.</summary>
    private bool IsCallForNobody(TaskEntry entry)
    {
        if (entry.Call is null || endpoints.Count == 0 || endpoints.Exists(static e => e.TakesCalls))
        {
            return false;
        }

        queue.Remove(entry);
        Complete(entry, AttemptOutcome.Failed(new TaskFailure
        {
            Kind = TaskFailureKind.UnknownTask,
            NeverStarted = true,
            Message = $"no endpoint of the pool takes streaming calls, and {entry.Task} is one; workers of the .NET SDK do (capability \"{Capability.Calls}\")",
        }));
        Settle(entry);
        return true;
    }

    /// <summary>The endpoint has not begun it, and will not. It is not given to another: what its caller wrote may be lost.</summary>
    private void EndUnstartedCall(TaskEntry entry)
    {
        var endpoint = entry.Endpoint!;
        if (entry.Completed)
        {
            entry.SentAt = 0;
            Settle(entry);
            return;
        }

        EndFailed(entry, new TaskFailure
        {
            Kind = TaskFailureKind.WorkerLost,
            NeverStarted = true,
            Verdict = StartVerdict.NeverStarted,
            Worker = endpoint.Worker.Id,
            Deaths = endpoint.Death is { } death ? [death.Report] : [],
            Message = $"worker {endpoint.Worker.Id} did not begin the streaming call {entry.Task}: it was leaving or was lost. Streaming calls are not tried again; nothing of it ran, so it may be made again",
        });
    }
}
