using System.Globalization;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace WorkerHost.Sidecar.Commands;

/// <summary>A task's failure for people: everything the host knows of it, and what can be done.</summary>
internal static class FailureText
{
    /// <summary>The failure that came with a call's status; null: none did.</summary>
    public static V1.TaskFailure? Sent(RpcException e)
    {
        if (e.Trailers.GetValueBytes(FailureStatus.DetailsKey) is not { } bytes)
        {
            return null;
        }

        foreach (var detail in Google.Rpc.Status.Parser.ParseFrom(bytes).Details)
        {
            if (detail.TryUnpack<V1.TaskFailure>(out var failure))
            {
                return failure;
            }
        }

        return null;
    }

    /// <summary>How a command ends whose task ended so.</summary>
    public static int ExitCodeOf(V1.TaskFailure failure) => failure.Kind switch
    {
        V1.TaskFailureKind.UnknownTask => ExitCode.Usage,
        V1.TaskFailureKind.Rejected or V1.TaskFailureKind.NoWorkers => ExitCode.TryAgain,
        _ => ExitCode.Failed,
    };

    public static void Write(TextWriter to, V1.TaskFailure failure, string pool)
    {
        to.WriteLine($"task {failure.Task}{(failure.TaskId.Length > 0 ? $" ({failure.TaskId})" : "")} failed: {Word(failure.Kind)}");
        // The rest of it stands in the error.
        to.WriteLine($"  {Printable.Text(LinesOf(failure.Message)[0])}");
        if (failure.Worker.Length > 0)
        {
            Line(to, "worker", failure.Worker);
        }

        for (var error = failure.Error; error is not null; error = error.Cause)
        {
            var lines = LinesOf(error.Message);
            Line(to, ReferenceEquals(error, failure.Error) ? "error" : "cause", $"{error.Type}: {Printable.Text(lines[0])}");
            foreach (var line in lines[1..])
            {
                Line(to, "", Printable.Text(line));
            }

            foreach (var at in Printable.Lines(error.StackTrace).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
            {
                Line(to, "", at);
            }
        }

        foreach (var death in failure.Deaths)
        {
            Write(to, death);
        }

        if (Ran(failure) is { } ran)
        {
            Line(to, "ran", ran);
        }

        if (Next(failure, pool) is { } next)
        {
            Line(to, "next", next);
        }
    }

    /// <summary>One death on several lines.</summary>
    public static void Write(TextWriter to, V1.DeathReport death)
    {
        var process = death.Pid == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $" (pid {death.Pid})");
        Line(to, "death", $"{death.Pool}/{death.Slot}#{death.Incarnation}{process} after {Time(death.Uptime)}: {DeathText.Of(death)}");
        if (death.Reason.Length > 0)
        {
            Line(to, "", Printable.Text(death.Reason));
        }

        foreach (var step in death.BootSteps)
        {
            Line(to, "", $"boot: {step.Name} after {Time(step.After)}");
        }

        if (death.RunningTasks.Count > 0)
        {
            Line(to, "", $"was running {Printable.Text(string.Join(", ", death.RunningTasks))}");
        }

        if (death.PeakMemoryBytes > 0)
        {
            Line(to, "", $"peak memory {SizeText.Of((long)death.PeakMemoryBytes)}, {death.TasksFinished} tasks finished");
        }

        foreach (var line in death.LastOutput)
        {
            Line(to, "", $"stderr | {Printable.Text(line)}");
        }

        if (death.Next.Length > 0)
        {
            Line(to, "", $"then: {Printable.Text(death.Next)}");
        }
    }

    public static string Time(Duration? time) => time is null ? "?" : DurationText.Of(time.ToTimeSpan());

    /// <summary>As in the contract: WORKER_LOST.</summary>
    public static string Word(V1.TaskFailureKind kind) => kind switch
    {
        V1.TaskFailureKind.TaskFailed => "TASK_FAILED",
        V1.TaskFailureKind.UnknownTask => "UNKNOWN_TASK",
        V1.TaskFailureKind.BadInput => "BAD_INPUT",
        V1.TaskFailureKind.Cancelled => "CANCELLED",
        V1.TaskFailureKind.DeadlineExceeded => "DEADLINE_EXCEEDED",
        V1.TaskFailureKind.Rejected => "REJECTED",
        V1.TaskFailureKind.NoWorkers => "NO_WORKERS",
        V1.TaskFailureKind.WorkerLost => "WORKER_LOST",
        V1.TaskFailureKind.Quarantined => "QUARANTINED",
        _ => string.Create(CultureInfo.InvariantCulture, $"kind {(int)kind}"),
    };

    private static string[] LinesOf(string text) => text.ReplaceLineEndings("\n").TrimEnd('\n').Split('\n');

    private static void Line(TextWriter to, string name, string text) => to.WriteLine($"  {name,-7} {text}");

    private static string? Ran(V1.TaskFailure failure) =>
        failure.NeverStarted ? "no; that is proven"
        : failure.RanToCompletion ? "to its end, and its result was lost with the worker"
        : failure.Kind == V1.TaskFailureKind.WorkerLost ? "perhaps, in part"
        : null;

    private static string? Next(V1.TaskFailure failure, string pool) => failure.Kind switch
    {
        V1.TaskFailureKind.TaskFailed when failure.Retryable => "its handler says that another try may succeed",
        V1.TaskFailureKind.UnknownTask => $"see what there is: workerhost tasks {pool}",
        V1.TaskFailureKind.Rejected or V1.TaskFailureKind.NoWorkers => failure.RetryAfter is { } after
            ? $"come again in {Time(after)}; why: workerhost explain readiness {pool}"
            : $"come again later; why: workerhost explain readiness {pool}",
        V1.TaskFailureKind.WorkerLost when !failure.NeverStarted => "a task that may run twice is tried again by itself: --idempotent",
        V1.TaskFailureKind.Quarantined => $"it is not run again until: workerhost quarantine release {pool} {failure.TaskId}",
        _ => null,
    };
}
