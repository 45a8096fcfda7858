using System.Globalization;

namespace WorkerHost.Client;

/// <summary>What becomes of a task whose attempt failed or whose worker was lost.</summary>
internal sealed partial class Dispatcher
{
    private void Failed(TaskEntry entry, TaskFailure failure)
    {
        if (failure is { Kind: TaskFailureKind.Rejected, NeverStarted: true } && !entry.HasYielded)
        {
            // A worker that is leaving, or full with the work of others: not the task's fault, not an attempt.
            Rest(entry.Endpoint!, failure.RetryAfter);
            Redispatch(entry);
        }
        else if (entry.Endpoint!.Host is not null && WasAbandoned(entry, failure))
        {
            EndAbandoned(entry, failure);
        }
        else if (entry.Endpoint!.Host is not null)
        {
            // Its pool has tried what may be tried. An attempt that a strategy of the user's stopped has its outcome there, too: under its id there is no other.
            if (entry is { Stop: StopReason.Attempt, Call: null } && failure.NeverStarted)
            {
                FailAttempt(entry, failure, mayRetry: true);
                return;
            }

            EndFailed(entry, WithItsLimit(entry, failure));
        }
        else if (entry.Call is null && (entry.Stop == StopReason.Attempt || failure.Retryable))
        {
            FailAttempt(entry, failure, mayRetry: failure.Retryable || failure.NeverStarted || entry.Options.Idempotent);
        }
        else
        {
            EndFailed(entry, WithItsLimit(entry, failure));
        }
    }

    /// <summary>The worker may notice before the pool does that a time limit has passed; which setting that was it does not know.</summary>
    private TaskFailure WithItsLimit(TaskEntry entry, TaskFailure failure) =>
        failure.Kind == TaskFailureKind.DeadlineExceeded && entry.Options.TimeLimit is { } limit
            ? failure with { Message = string.Create(CultureInfo.InvariantCulture, $"{failure.Message}; it is {limit.TotalSeconds:0.###} s ({options.Names["TaskOptions.TimeLimit"]})") }
            : failure;

    /// <summary>
    /// Both facts are needed before a task is judged: the session read to its end (results already in the kernel
    /// count) and the process observed dead (so that no attempt overlaps the next). Without a supervisor the first is all there is.
    /// </summary>
    private void JudgeIfComplete(EndpointState endpoint, long now)
    {
        if (!endpoint.Judged)
        {
            return;
        }

        endpoints.Remove(endpoint);
        var lost = endpoint.InFlight.InOrder();
        var suspicion = Suspicion.Of(endpoint, lost);
        for (var i = lost.Count - 1; i >= 0; i--)
        {
            // Backwards, because what comes back unstarted goes to the front of the queue.
            Judge(lost[i], endpoint, suspicion, now);
        }

        FailQueueIfHopeless();
        Dispatch(now);
    }

    private void Judge(TaskEntry entry, EndpointState endpoint, Suspicion suspicion, long now)
    {
        var verdict = endpoint.VerdictOn(entry);
        entry.EndedAt = now;
        suspicion.Charge(entry, verdict);
        Release(entry);
        if (verdict == StartVerdict.NeverStarted)
        {
            Redispatch(entry);
            return;
        }

        queue.Correct(entry, verdict == StartVerdict.Running ? MicrosecondsSince(entry.SentAt, now) : entry.TurnCost);
        var failure = Lost(entry, endpoint, verdict);
        if (entry.Completed)
        {
            Record(entry, failure);
            Settle(entry);
        }
        else if (entry.Convictions >= options.QuarantineAfter)
        {
            PutInQuarantine(entry, failure);
        }
        else if (entry is { Options.Idempotent: true, HasYielded: false, Call: null } && !IsBrokenStream(entry, endpoint))
        {
            FailAttempt(entry, failure, mayRetry: true);
        }
        else
        {
            EndFailed(entry, failure);
        }
    }

    private void Redispatch(TaskEntry entry)
    {
        Refund(entry);
        if (entry.Call is not null)
        {
            EndUnstartedCall(entry);
        }
        else if (entry.Stop == StopReason.Attempt && !entry.Completed)
        {
            FailAttempt(entry, Stopped(entry, StopReason.Attempt, neverStarted: true, options.Names), mayRetry: true);
        }
        else if (entry.Completed)
        {
            // It is no part of the task's history: nothing of it ran.
            entry.SentAt = 0;
            Settle(entry);
        }
        else if (CancelsWaiting)
        {
            entry.SentAt = 0;
            EndStopped(entry, StopReason.Cancelled, neverStarted: true);
        }
        else
        {
            entry.SentAt = 0;
            entry.Phase = TaskPhase.Queued;
            if (entry.IsSuspect)
            {
                suspects.PushFront(entry);
            }
            else
            {
                queue.PushFront(entry);
            }
        }
    }

    private void FailAttempt(TaskEntry entry, TaskFailure failure, bool mayRetry)
    {
        if (mayRetry && entry.HasYielded)
        {
            mayRetry = false;
            failure = failure with { NeverStarted = false, Message = $"{failure.Message}; it is not tried again because its caller has been given items of it" };
        }

        if (mayRetry && CancelsWaiting)
        {
            mayRetry = false;
            failure = failure with { Message = $"{failure.Message}; it is not tried again because the pool is stopping (StopMode.CancelWaiting)" };
        }

        Record(entry, failure);
        AskOwner(entry, mayRetry);
    }

    private void AskOwner(TaskEntry entry, bool mayRetry)
    {
        entry.Phase = TaskPhase.Retrying;
        entry.MayRetry = mayRetry;
        retrying.Add(entry);
        actions.Add(new DispatchAction(DispatchActionKind.AttemptFailed, entry, Outcome: AttemptOutcome.Failed(entry.LastFailure!)));
    }

    private void EndFailed(TaskEntry entry, TaskFailure failure)
    {
        Record(entry, failure);
        EndWithLastFailure(entry);
    }

    private void EndWithLastFailure(TaskEntry entry)
    {
        if (entry.HasPipeline)
        {
            // It has the last word, and may take its time: until then the task can be cancelled, and its time limit counts.
            AskOwner(entry, mayRetry: false);
            return;
        }

        Complete(entry, AttemptOutcome.Failed(entry.LastFailure!));
        Settle(entry);
    }

    private void Record(TaskEntry entry, TaskFailure failure)
    {
        // One attempt may be proven never to have started; of the task that is true only if it is of all of them.
        var neverStarted = failure.NeverStarted && !entry.MayHaveRun && (entry.LastFailure?.NeverStarted ?? true);
        if (entry.Endpoint is not null)
        {
            entry.PastAttempts = entry.PastAttempts.Add(AttemptOf(entry, failure));
        }

        // The caller sees every death the task has been through, not only the last.
        var deaths = entry.LastFailure is { Deaths.Length: > 0 } before ? before.Deaths.AddRange(failure.Deaths) : failure.Deaths;
        entry.LastFailure = failure with { Deaths = deaths, NeverStarted = neverStarted };
    }

    private void KillIfOnlyOverdueRun(EndpointState endpoint)
    {
        if (endpoint.Overdue == 0 || endpoint.KillOrdered || endpoint.Judged || !endpoint.Supervised)
        {
            return;
        }

        // Lanes take tasks in order: the oldest ones are those that run.
        var running = endpoint.InLaneOrder().Take(endpoint.Concurrency).ToList();
        if (running.Find(static e => e.StopOverdue) is { } stubborn && (options.KillSharedWorkers || running.TrueForAll(static e => e.StopOverdue)))
        {
            var expired = stubborn.Stop == StopReason.Expired;
            var waited = expired ? options.ExpiredCancelGrace : options.CancelGrace;
            Kill(
                endpoint,
                string.Create(CultureInfo.InvariantCulture, $"task {stubborn.Task} did not end within {waited.TotalSeconds:0.###} s of {(expired ? "its time limit" : "its cancellation")}"),
                expired ? options.ExpiredTerminateGrace : options.TerminateGrace);
        }
    }

    private void Kill(EndpointState endpoint, string reason, TimeSpan grace)
    {
        endpoint.Open = false;
        if (!endpoint.KillOrdered)
        {
            endpoint.KillOrdered = true;
            actions.Add(new DispatchAction(DispatchActionKind.Kill, Endpoint: endpoint, Delay: grace, Reason: reason));
        }
    }

    private void FailQueueIfHopeless()
    {
        if (!IsHopeless)
        {
            return;
        }

        while (FirstQueued is { } entry)
        {
            Dequeue(entry);
            var failure = NoWorkers() with { NeverStarted = !entry.MayHaveRun };
            if (entry.LastFailure is { } before)
            {
                // It has been tried: what happened then is part of the answer.
                failure = failure with { NeverStarted = false, Deaths = before.Deaths.AddRange(failure.Deaths) };
            }

            Complete(entry, AttemptOutcome.Failed(failure));
            Settle(entry);
        }

        actions.Add(new DispatchAction(DispatchActionKind.QueueFell));
    }

    private TaskFailure NoWorkers() => new()
    {
        Kind = TaskFailureKind.NoWorkers,
        NeverStarted = true,
        RetryAfter = outlook.NextTry,
        Deaths = outlook.LastDeath is { } death ? [death] : [],
        Message = "no worker can be had: " + (outlook.NoneWanted ?? outlook.Unreachable ?? "every one failed to start or died too often")
            + (outlook.NextTry is { } next ? string.Create(CultureInfo.InvariantCulture, $"; the next is tried in {next.TotalSeconds:0.#} s") : "")
            + (outlook is { NoneWanted: null, LastDeath: { } last } ? $". The last death: {last}" : ""),
    };

    private string NotIdempotent => $"; it is not tried again because {options.Names["TaskOptions.Idempotent"]} is false";

    private string QueueLimits => options.Names.AreMembers
        ? $"WorkerPoolOptions.QueueCapacity = {options.QueueCapacity}, QueueBytes = {options.QueueBytes}"
        : $"{options.Names["WorkerPoolOptions.QueueCapacity"]} = {options.QueueCapacity}, {options.Names["WorkerPoolOptions.QueueBytes"]} = {options.QueueBytes}";

    private TaskFailure QueueFull(TaskEntry entry)
    {
        // A guess from what is known: how long the queue takes to shrink by this one task.
        var lanes = Math.Max(1, endpoints.Sum(static e => e.Concurrency));
        entry.Service ??= serviceTimes.GetValueOrDefault(entry.Task);
        var perTask = entry.Service is { IsKnown: true } known ? known.Microseconds : 100_000;
        return new TaskFailure
        {
            Kind = TaskFailureKind.Rejected,
            NeverStarted = true,
            QueueIsFull = true,
            RetryAfter = TimeSpan.FromMicroseconds(Math.Clamp(perTask * Math.Max(1, Queued / 10) / lanes, 1000, 60e6)),
            Message = entry.Bytes > options.QueueBytes
                ? $"the payload of {entry.Bytes} bytes is larger than the whole queue may hold ({options.Names["WorkerPoolOptions.QueueBytes"]} = {options.QueueBytes})"
                : $"the queue is full: {Queued + held} tasks with {QueuedBytes} bytes wait ({QueueLimits}); come again later{(options.Names.AreMembers ? ", or wait with SubmitAsync" : "")}",
        };
    }

    /// <summary>The end of a task that its caller did not want any more before it had been submitted here.</summary>
    public static TaskFailure CancelledUnsent(TaskEntry entry)
    {
        Expect(entry, TaskPhase.New, nameof(CancelledUnsent));
        entry.Stop = StopReason.Cancelled;
        return Stopped(entry, StopReason.Cancelled, neverStarted: true, SettingNames.Members);
    }

    private static TaskFailure Stopped(TaskEntry entry, StopReason reason, bool neverStarted, SettingNames names) => new()
    {
        Kind = reason == StopReason.Expired ? TaskFailureKind.DeadlineExceeded : TaskFailureKind.Cancelled,
        NeverStarted = neverStarted && !entry.MayHaveRun && entry.PastAttempts.IsEmpty,
        Worker = neverStarted ? null : entry.Endpoint?.Worker.Id,
        Deaths = entry.LastFailure?.Deaths ?? [],
        Message = reason switch
        {
            StopReason.Expired => string.Create(
                CultureInfo.InvariantCulture,
                $"task {entry.Task} passed its time limit of {entry.Options.TimeLimit?.TotalSeconds:0.###} s ({names["TaskOptions.TimeLimit"]}) {(neverStarted ? "while waiting; it was not running" : $"on worker {entry.Endpoint?.Worker.Id} and is being stopped")}"),
            StopReason.Cancelled => $"task {entry.Task} was cancelled {(neverStarted ? "before it ran" : $"while worker {entry.Endpoint?.Worker.Id} had it")}",
            StopReason.Attempt => $"attempt {entry.Attempt} of task {entry.Task} was given up by the pool's attempt pipeline",
            _ => throw new ArgumentOutOfRangeException(nameof(reason), reason, "not a reason to stop"),
        },
    };

    private static TaskFailure GivenBackTooLate(TaskEntry entry) => new()
    {
        Kind = TaskFailureKind.TaskFailed,
        Worker = entry.Endpoint?.Worker.Id,
        Message = $"worker {entry.Endpoint?.Worker.Id} gave task {entry.Task} back as never started although it had sent items of it; it is not tried again because its caller has been given them",
    };

    private TaskFailure Lost(TaskEntry entry, EndpointState endpoint, StartVerdict verdict)
    {
        var fate = verdict switch
        {
            StartVerdict.Running => "it was running",
            StartVerdict.Finished => "it ran to completion, but its result was lost",
            StartVerdict.Passed => "it may have run: it or one after it was started",
            StartVerdict.Unknown => "it may have run",
            _ => throw new ArgumentOutOfRangeException(nameof(verdict), verdict, "not a loss"),
        };
        var advice = entry switch
        {
            // Nobody waits for another attempt.
            { Completed: true } => "",
            { HasYielded: true } => "; it is not tried again because its caller has been given items of it",
            { Call: not null } => "; streaming calls are not tried again",
            _ when IsBrokenStream(entry, endpoint) => "; it is not tried again because the host may go on with it for a while, and items on their way are lost",
            { Options.Idempotent: false } => NotIdempotent,
            _ when entry.Attempt >= entry.MaxAttempts => string.Create(
                CultureInfo.InvariantCulture, $"; that was attempt {entry.Attempt} of {entry.MaxAttempts} ({options.Names["TaskOptions.Attempts"]}, or {options.Names["WorkerPoolOptions.Attempts"]})"),
            _ => "",
        };
        var who = endpoint.Supervised ? $"worker {endpoint.Worker.Id}" : $"endpoint {endpoint.Worker.Address.OriginalString}";
        return new TaskFailure
        {
            Kind = TaskFailureKind.WorkerLost,
            Worker = endpoint.Worker.Id,
            Verdict = verdict,
            RanToCompletion = verdict == StartVerdict.Finished,
            HostWasLost = endpoint.Host is not null,
            Deaths = endpoint.Death is { } death ? [death.Report] : [],
            Message = $"{who} was lost with task {entry.Task}: {fate}{advice}. {endpoint.Death?.Report.ToString() ?? endpoint.EndReason}",
        };
    }
}
