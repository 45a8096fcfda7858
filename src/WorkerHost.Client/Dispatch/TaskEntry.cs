using System.Collections.Immutable;
using System.Collections.ObjectModel;

namespace WorkerHost.Client;

internal enum TaskPhase
{
    /// <summary>Made, not yet given to the dispatcher.</summary>
    New,

    /// <summary>In the central queue.</summary>
    Queued,

    /// <summary>Given to an endpoint under a sequence.</summary>
    Sent,

    /// <summary>An attempt failed; its owner decides about another.</summary>
    Retrying,

    /// <summary>Nothing of it runs or waits anywhere.</summary>
    Done,
}

internal enum StopReason : byte
{
    None,

    /// <summary>The caller cancelled the task: its future has ended.</summary>
    Cancelled,

    /// <summary>The time limit passed: its future has ended.</summary>
    Expired,

    /// <summary>Only this attempt is to be stopped (a strategy of the user's gave up on it): its outcome is awaited.</summary>
    Attempt,
}

/// <summary>
/// One task as the dispatcher sees it. What the caller said never changes; the rest belongs to the dispatcher and is
/// touched only inside its gate.
/// </summary>
internal sealed class TaskEntry(ulong number, string task, TaskOptions options, ReadOnlyMemory<byte> data, string contentType, int maxAttempts)
{
    public ulong Number => number;

    public string Task => task;

    public TaskOptions Options => options;

    public string ContentType => contentType;

    public int MaxAttempts => maxAttempts;

    public int Bytes { get; } = data.Length;

    /// <summary>At most so many bytes in a frame: a character takes at most three, numbers and tags fit into the rest.</summary>
    public int WireBytes => wireBytes + 3 * (GivenId?.Length ?? 0) + (Trace?.WireBytes ?? 0) + (Feed is null ? 0 : 32);

    private readonly int wireBytes = data.Length + 96 + 3 * (task.Length + contentType.Length + (options.Id?.Length ?? 0) + (options.AffinityKey?.Length ?? 0)) + BytesOf(options.Headers);

    /// <summary>The payload, until nothing can need it any more.</summary>
    public ReadOnlyMemory<byte> Data { get; private set; } = data;

    /// <summary>The caller's handle; the dispatcher only passes it through. Null once everything was told.</summary>
    public ICompletion? Completion { get; set; }

    /// <summary>Which of several callers it is of; null: the pool's own.</summary>
    public CallerShare? Share { get; init; }

    /// <summary>A streaming call, which goes to its endpoint by itself; null: a task.</summary>
    public IStreamedCall? Call { get; init; }

    /// <summary>What a host's client calls it; null: as the options say.</summary>
    public string? GivenId { get; init; }

    /// <summary>The id that somebody has chosen; null: the pool makes one up.</summary>
    public string? OwnId => GivenId ?? options.Id;

    /// <summary>Null while nobody listens; set before the dispatcher gets the task.</summary>
    public TaskTrace? Trace { get; set; }

    /// <summary>Where goes what it says before its end; null: nobody listens. Set before the dispatcher gets the task.</summary>
    public TaskFeed? Feed { get; set; }

    /// <summary>Its caller takes its items one by one.</summary>
    public bool IsStream => Feed is { Items: not null };

    /// <summary>Its caller has been given items, and another attempt would give them again.</summary>
    public bool HasYielded => Feed is { HasYielded: true };

    private int told;

    /// <summary>
    /// One of the two things to tell (the outcome, the end) was told. After both a time limit that has not passed yet
    /// must not keep the result alive.
    /// </summary>
    public void Told()
    {
        if (Deadline != long.MaxValue && Interlocked.Increment(ref told) == 2)
        {
            Completion = null;
        }
    }

    // ---- the dispatcher's ----

    public TaskPhase Phase;

    /// <summary>Which try is under way or was last, from 1.</summary>
    public int Attempt = 1;

    /// <summary>Where it is or last was.</summary>
    public EndpointState? Endpoint;

    public ulong Sequence;

    /// <summary>Handed to the transport: from here on it may run.</summary>
    public bool Written;

    /// <summary>An earlier session of its host had it: it may run there, also while it is not written in this one.</summary>
    public bool Carried;

    /// <summary>Whatever is said of it from now on: a host that does not know it any more runs it again if it may.</summary>
    public bool MayHaveRun;

    /// <summary>When the attempt was written; 0: it was not.</summary>
    public long SentAt;

    /// <summary>When nothing more of the attempt could come; 0: it may.</summary>
    public long EndedAt;

    /// <summary>What the dispatcher added to the endpoint's backlog for it, in microseconds; 0 for one in flight whose payload still travels.</summary>
    public float Charge;

    /// <summary>Microseconds of a lane that its caller was charged with for it and that are not yet known to be right.</summary>
    public float TurnCost;

    /// <summary>Monotonic timestamp; <see cref="long.MaxValue"/>: none, or before its submission: as its time limit says from there.</summary>
    public long Deadline = long.MaxValue;

    public StopReason Stop;

    /// <summary>The grace after the stop has passed without an answer.</summary>
    public bool StopOverdue;

    /// <summary>The endpoint was asked to give it back if it has not begun.</summary>
    public bool RecallAsked;

    /// <summary>The caller has its outcome.</summary>
    public bool Completed;

    /// <summary>Its owner says how it ends when an attempt failed, also when no other is allowed.</summary>
    public bool HasPipeline;

    /// <summary>The last failure says whether another try is allowed at all.</summary>
    public bool MayRetry;

    /// <summary>It was running when a worker died of its own making: until it has ended it runs alone.</summary>
    public bool IsSuspect;

    /// <summary>Deaths of which no other task can be the cause.</summary>
    public int Convictions;

    public TaskFailure? LastFailure;

    public ImmutableArray<TaskAttempt> PastAttempts = [];

    public ServiceTime? Service;

    public QueuePlace Place;

    /// <summary>So many that came later were sent before it for the sake of their keys.</summary>
    public byte Overtaken;

    public TaskEntry? Next;

    public TaskEntry? Previous;

    public void DropPayload() => Data = default;

    /// <summary>The caller's headers, and where the task is traced the context of its attempt.</summary>
    public void CopyHeaders(IDictionary<string, string> target)
    {
        foreach (var (name, value) in options.Headers ?? ReadOnlyDictionary<string, string>.Empty)
        {
            target[name] = value;
        }

        Trace?.Inject(target);
    }

    private static int BytesOf(IReadOnlyDictionary<string, string>? headers)
    {
        var bytes = 0;
        if (headers is not null)
        {
            foreach (var (name, value) in headers)
            {
                bytes += 16 + 3 * (name.Length + value.Length);
            }
        }

        return bytes;
    }

    /// <summary>The caller's id, or the pool's prefix and the number, as the endpoint makes it up too: built when somebody asks.</summary>
    public string IdWith(string prefix) => OwnId ?? string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{prefix}-{number}");

    public override string ToString() => $"task {Number} ({Task}, {Phase}, attempt {Attempt}, stop {Stop})";
}

/// <summary>Whoever is told how a task ended; called outside the gate, at most once each.</summary>
internal interface ICompletion
{
    /// <summary>The one outcome.</summary>
    void Complete(in AttemptOutcome outcome);

    /// <summary>Nothing of the task runs anywhere any more.</summary>
    void Settle();
}
