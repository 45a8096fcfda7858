using System.Globalization;

namespace WorkerHost.Client;

/// <summary>
/// Endpoints that are hosts: a pool stands behind them, and what they run survives its session. When that breaks, the tasks that were written are in
/// limbo: they stay on the books of the session that is gone, until the same host is there again (they are written in the new session, under the same
/// ids, before anything else), another instance of it is, or the time for which it keeps them has passed.
/// </summary>
internal sealed partial class Dispatcher
{
    /// <summary>The host is told at the latest after so many frames, or so many bytes of results, what it need not keep any more; else with whatever goes there.</summary>
    private const ulong FramesUntold = 1024;

    private const long BytesUntold = 1 << 20;

    /// <summary>The time has passed for which a host keeps what it had.</summary>
    public void LimboOverdue(EndpointState endpoint, long now)
    {
        if (endpoint.InLimbo)
        {
            EndLimbo(endpoint, string.Create(CultureInfo.InvariantCulture, $"it could not be reached again within the {endpoint.Host!.KeepsFor.TotalSeconds:0.###} s for which it keeps tasks"), now);
        }
    }

    /// <summary>A frame with outcomes was read.</summary>
    public void Seen(EndpointState endpoint, long bytes)
    {
        endpoint.OutcomesSeen++;
        endpoint.BytesUntold += bytes;
        if (IsToldByItself(endpoint))
        {
            WantPump(endpoint);
        }
    }

    /// <summary>Another attempt could have the same id at the same host, which goes on with the first one; and what came of that before the break is lost.</summary>
    private static bool IsBrokenStream(TaskEntry entry, EndpointState endpoint) => entry.IsStream && endpoint.Host is not null;

    /// <summary>Nobody here has cancelled it: its host did, because nobody came back for it in time by the host's own clock.</summary>
    private static bool WasAbandoned(TaskEntry entry, TaskFailure failure) =>
        failure.Kind == TaskFailureKind.Cancelled && entry is { Stop: StopReason.None, Call: null, IsStream: false } and ({ Carried: true } or { Attempt: > 1 });

    /// <summary>The host forgets it when it is told that this was read, which is before it reads the next task: so it may have it again.</summary>
    private void EndAbandoned(TaskEntry entry, TaskFailure failure)
    {
        if (failure.NeverStarted)
        {
            Redispatch(entry);
            return;
        }

        var endpoint = entry.Endpoint!;
        var lost = failure with
        {
            Kind = TaskFailureKind.WorkerLost,
            Verdict = StartVerdict.Unknown,
            HostWasLost = true,
            Message = $"endpoint {endpoint.Worker.Address.OriginalString} has stopped task {entry.Task}, because nobody had come back for it in time (its connection had broken): it may have run{(entry.Options.Idempotent ? "" : NotIdempotent)}",
        };
        if (entry.Options.Idempotent)
        {
            FailAttempt(entry, lost, mayRetry: true);
        }
        else
        {
            EndFailed(entry, lost);
        }
    }

    private static bool IsToldByItself(EndpointState endpoint) =>
        endpoint.OutcomesSeen - endpoint.OutcomesTold >= FramesUntold || endpoint.BytesUntold >= BytesUntold;

    private static void TellWhatWasSeen(EndpointState endpoint, FrameContent frame)
    {
        if (endpoint.OutcomesSeen != endpoint.OutcomesTold && (!frame.IsEmpty || IsToldByItself(endpoint)))
        {
            frame.OutcomesSeen = endpoint.OutcomesTold = endpoint.OutcomesSeen;
            endpoint.BytesUntold = 0;
        }
    }

    private void BeginLimbo(EndpointState endpoint, long now)
    {
        var lost = endpoint.InFlight.InOrder();
        var carried = false;
        for (var i = lost.Count - 1; i >= 0; i--)
        {
            var entry = lost[i];
            if (entry is { Written: false, Carried: false } || entry.Call is not null || entry.IsStream || (entry.Completed && Stopping) || endpoint.IsProvablyUnread(entry))
            {
                // Never sent, or never read; or nothing that can go on in another session; or nobody waits for more than its cancellation, which the host sees to.
                Judge(entry, endpoint, default, now);
            }
            else
            {
                carried |= !entry.Written;
            }
        }

        if (endpoint.InFlight.Count == 0)
        {
            JudgeIfComplete(endpoint, now);
            return;
        }

        // What was not even written again counts from the break before this one.
        endpoint.KeptUntil = now + (long)(endpoint.Host!.KeepsFor.TotalSeconds * options.TicksPerSecond);
        endpoint.KeptUntil = carried ? Math.Min(endpoint.KeptUntil, endpoint.CarriedUntil) : endpoint.KeptUntil;
        endpoint.InLimbo = true;
        actions.Add(new DispatchAction(
            DispatchActionKind.LimboTimer,
            Endpoint: endpoint,
            Delay: TimeSpan.FromSeconds(Math.Max(0, (double)(endpoint.KeptUntil - now) / options.TicksPerSecond)),
            Reason: endpoint.EndReason,
            Sequence: (ulong)endpoint.InFlight.Count));
        FailQueueIfHopeless();
        Dispatch(now);
    }

    /// <summary>There is a connection again to an address whose tasks are in limbo: whose are they?</summary>
    private void EndLimboOf(EndpointState opened, long now)
    {
        if (endpoints.Find(e => e.InLimbo && e.Worker.Id == opened.Worker.Id) is not { } before)
        {
            return;
        }

        if (opened.Host is { } host && host.Instance == before.Host!.Instance)
        {
            Attach(before, opened);
        }
        else
        {
            EndLimbo(before, $"the host was restarted: {(opened.Host is { } other ? $"it is instance {other.Instance} now, and was {before.Host!.Instance}" : $"it was instance {before.Host!.Instance}, and what is there now keeps no tasks")}", now);
        }
    }

    private void Attach(EndpointState before, EndpointState opened)
    {
        before.InLimbo = false;
        endpoints.Remove(before);
        opened.CarriedUntil = before.KeptUntil;
        var kept = before.InFlight.InOrder();
        foreach (var entry in kept)
        {
            Release(entry);
            entry.Carried = true;
            entry.MayHaveRun |= entry.Options.Idempotent;
            Place(entry, opened);
            opened.Outbox.Enqueue((entry, entry.Sequence));
        }

        WantPump(opened);
        actions.Add(new DispatchAction(DispatchActionKind.Attached, Endpoint: opened, Sequence: (ulong)kept.Count));
    }

    /// <summary>In this session, too: what was decided meanwhile follows.</summary>
    private void WrittenAgain(TaskEntry entry)
    {
        var endpoint = entry.Endpoint!;
        if (entry.Stop != StopReason.None)
        {
            endpoint.Cancels.Add(entry.Sequence);
        }
        else if (CancelsWaiting)
        {
            Recall(entry, endpoint);
        }
    }

    private void EndEveryLimbo(string why, long now)
    {
        foreach (var endpoint in endpoints.FindAll(static e => e.InLimbo))
        {
            EndLimbo(endpoint, why, now);
        }
    }

    private void EndLimbo(EndpointState endpoint, string why, long now)
    {
        endpoint.InLimbo = false;
        endpoint.EndReason = $"{endpoint.EndReason}; {why}";
        actions.Add(new DispatchAction(DispatchActionKind.HostLost, Endpoint: endpoint, Reason: why, Sequence: (ulong)endpoint.InFlight.Count));
        JudgeIfComplete(endpoint, now);
    }
}
