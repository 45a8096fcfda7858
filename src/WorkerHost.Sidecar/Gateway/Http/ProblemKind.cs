using System.Collections.Immutable;

namespace WorkerHost.Sidecar.Gateway;

/// <summary>What can be the matter with a request: the table of sidecar-clients.md.</summary>
/// <param name="Status">Of HTTP.</param>
/// <param name="Word">The same word for the same problem: the end of its <c>type</c>.</param>
internal sealed record ProblemKind(int Status, string Word)
{
    // nginx's, and the field's word, for a request that its client has given up.
    private const int ClientClosedRequest = 499;

    public static readonly ProblemKind NoSuchPath = new(StatusCodes.Status404NotFound, "no-such-path");
    public static readonly ProblemKind Method = new(StatusCodes.Status405MethodNotAllowed, "method");
    public static readonly ProblemKind Unauthorized = new(StatusCodes.Status401Unauthorized, "unauthorized");
    public static readonly ProblemKind BadHeader = new(StatusCodes.Status400BadRequest, "bad-header");
    public static readonly ProblemKind WhichPool = new(StatusCodes.Status400BadRequest, "which-pool");
    public static readonly ProblemKind NoSuchPool = new(StatusCodes.Status404NotFound, "no-such-pool");
    public static readonly ProblemKind NotJson = new(StatusCodes.Status400BadRequest, "not-json");
    public static readonly ProblemKind BadRequest = new(StatusCodes.Status400BadRequest, "bad-request");
    public static readonly ProblemKind TooSlow = new(StatusCodes.Status408RequestTimeout, "bad-request");
    public static readonly ProblemKind TooLarge = new(StatusCodes.Status413PayloadTooLarge, "bad-request");
    public static readonly ProblemKind ContentType = new(StatusCodes.Status415UnsupportedMediaType, "content-type");
    public static readonly ProblemKind ContentEncoding = new(StatusCodes.Status415UnsupportedMediaType, "content-encoding");
    public static readonly ProblemKind TaskFailed = new(StatusCodes.Status500InternalServerError, "task-failed");
    public static readonly ProblemKind UnknownTask = new(StatusCodes.Status404NotFound, "unknown-task");
    public static readonly ProblemKind BadInput = new(StatusCodes.Status400BadRequest, "bad-input");
    public static readonly ProblemKind Cancelled = new(ClientClosedRequest, "cancelled");
    public static readonly ProblemKind DeadlineExceeded = new(StatusCodes.Status504GatewayTimeout, "deadline-exceeded");
    public static readonly ProblemKind Rejected = new(StatusCodes.Status429TooManyRequests, "rejected");
    public static readonly ProblemKind Leaving = new(StatusCodes.Status503ServiceUnavailable, "rejected");
    public static readonly ProblemKind NoWorkers = new(StatusCodes.Status503ServiceUnavailable, "no-workers");
    public static readonly ProblemKind WorkerLost = new(StatusCodes.Status502BadGateway, "worker-lost");
    public static readonly ProblemKind Quarantined = new(StatusCodes.Status422UnprocessableEntity, "quarantined");

    /// <summary>All that are written about.</summary>
    public static ImmutableArray<ProblemKind> All { get; } =
    [
        NoSuchPath, Method, Unauthorized, BadHeader, WhichPool, NoSuchPool, NotJson, BadRequest, TooSlow, TooLarge, ContentType, ContentEncoding,
        TaskFailed, UnknownTask, BadInput, Cancelled, DeadlineExceeded, Rejected, Leaving, NoWorkers, WorkerLost, Quarantined,
    ];

    /// <param name="kind">How a task failed.</param>
    /// <param name="draining">The host is leaving, which another one may not be.</param>
    public static ProblemKind Of(TaskFailureKind kind, bool draining) => kind switch
    {
        TaskFailureKind.TaskFailed => TaskFailed,
        TaskFailureKind.UnknownTask => UnknownTask,
        TaskFailureKind.BadInput => BadInput,
        TaskFailureKind.Cancelled => Cancelled,
        TaskFailureKind.DeadlineExceeded => DeadlineExceeded,
        TaskFailureKind.Rejected => draining ? Leaving : Rejected,
        TaskFailureKind.NoWorkers => NoWorkers,
        TaskFailureKind.WorkerLost => WorkerLost,
        TaskFailureKind.Quarantined => Quarantined,
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "no status stands for this kind"),
    };
}
