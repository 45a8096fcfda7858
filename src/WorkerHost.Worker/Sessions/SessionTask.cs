using Google.Protobuf;
using WorkerHost.V1;

namespace WorkerHost.Worker;

/// <summary>A task that came over a session.</summary>
internal class SessionTask(EndpointCore core, TaskSession session, TaskSubmission submission, TaskHandler? handler, long deadline)
    : TaskRun(core, handler, deadline)
{
    private string? id;

    public override string Id => id ??= submission.Id.Length > 0 ? submission.Id : $"{session.IdPrefix}-{submission.Number}";

    public override string Task => submission.Task;

    public override int Attempt => submission.Attempt is 0 ? 1 : (int)Math.Min(submission.Attempt, int.MaxValue);

    public override IReadOnlyDictionary<string, string> Headers =>
        submission.Headers.Count == 0 ? NoHeaders : new Dictionary<string, string>(submission.Headers);

    public override long HeaderBytes => submission.Headers.Count == 0 ? 0 : ProtocolLimits.HeaderBytesOf(submission.Headers);

    public override string GivenId => submission.Id;

    public override int Priority => submission.Priority;

    public override bool IsIdempotent => submission.Idempotent;

    public override int MaxAttempts => (int)Math.Min(submission.MaxAttempts, int.MaxValue);

    public override string AffinityKey => submission.AffinityKey;

    public override ByteString Payload => submission.Data;

    public override ulong PayloadLength => Math.Max(submission.TotalBytes, (ulong)submission.Data.Length);

    public override string ContentType => submission.ContentType;

    public override ulong SessionKey => session.Key;

    public override ulong Sequence => submission.Sequence;

    public override int Track => session.Track;

    public TaskSession Session => session;

    /// <summary>Its client's number for it, which stays the same over sessions.</summary>
    public ulong Number => submission.Number;

    /// <summary>It was submitted in an earlier session.</summary>
    public bool IsAgain => submission.Attach;

    /// <summary>Why it cannot be taken; null: it can.</summary>
    public TaskFailure? Objection()
    {
        if (submission.Id.Length > ProtocolLimits.MaxNameLength)
        {
            return TaskFailures.BadInput(this, $"the task's id has {submission.Id.Length} characters; the limit is {ProtocolLimits.MaxNameLength}");
        }

        return Core.Objection(this);
    }

    public override void Began()
    {
        if (session.ReportsStarts)
        {
            session.Started(this);
        }
    }

    public override void Complete(in TaskEnd end, bool hurry)
    {
        if (Cause == StopCause.Caller && end.Failure is null && end.Data.Length > ProtocolLimits.MaxFrameBytes / 2)
        {
            // Whoever cancelled it waits for its end, and should not have to wait for so many bytes that nobody reads.
            session.Complete(this, TaskEnd.FailedWith(TaskFailures.Withdrawn(Core, end.Data.Length), end.ServiceMicroseconds), hurry);
            return;
        }

        session.Complete(this, end, hurry);
    }

    public override void GiveBack() => session.Complete(this, TaskEnd.GivenBack, hurry: false);
}
