using System.CommandLine;
using System.Globalization;
using Spectre.Console;
using WorkerHost.V1;

namespace WorkerHost.Sidecar.Commands;

/// <summary><c>workerhost workers</c>: every worker and what it does.</summary>
internal sealed class Workers : HostCommand, IHasExamples
{
    private readonly Argument<string> pool = CommonArguments.PoolIfSeveral("Only of this pool.");

    public Workers(Surroundings around)
        : base("workers", "Lists the workers and what they do.", around)
    {
        Add(pool);
        AddCommonOptions();
    }

    public IEnumerable<string> Examples => ["workerhost workers", "workerhost workers images --output json"];

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var answer = await AskAsync(
            parsed,
            (host, headers, token) => host.ListWorkersAsync(new ListWorkersRequest { Pool = parsed.GetValue(pool) }, headers, cancellationToken: token),
            cancellationToken).ConfigureAwait(false);
        if (AsJson(parsed))
        {
            return await ToldAsync(parsed, answer, "").ConfigureAwait(false);
        }

        var now = Around.Time.GetUtcNow();
        var table = new TextTable("WORKER", "STATE", "PID", "READY FOR", "RUNS", "DONE", "MEMORY", "NOTE");
        foreach (var worker in answer.Workers)
        {
            table.Add(
                worker.Id,
                State(worker),
                worker.Pid == 0 ? "-" : worker.Pid.ToString(CultureInfo.InvariantCulture),
                worker.ReadyAt is { } ready && worker.Pid != 0 ? ClockText.Of(now - ready.ToDateTimeOffset()) : "-",
                worker.RunningTasks.ToString(CultureInfo.InvariantCulture),
                worker.TasksFinished.ToString(CultureInfo.InvariantCulture),
                worker.ResidentBytes == 0 ? "-" : SizeText.Of((long)worker.ResidentBytes),
                Note(worker, now));
        }

        table.Write(Around);
        return ExitCode.Done;
    }

    private static TextTable.Cell State(V1.WorkerStatus worker) => worker.State switch
    {
        V1.WorkerState.Ready when worker.PoolLeaving => new("leaving", Color.Yellow),
        V1.WorkerState.Ready when worker.Suspect => new("ready, silent", Color.Yellow),
        V1.WorkerState.Ready when worker.Spare => new("spare", Color.Blue),
        V1.WorkerState.Ready => new("ready", Color.Green),
        V1.WorkerState.Starting => new("starting", Color.Yellow),
        V1.WorkerState.Draining => new("draining", Color.Yellow),
        V1.WorkerState.Stopping => new("stopping", Color.Yellow),
        V1.WorkerState.BackingOff => new("backing off", Color.Red),
        V1.WorkerState.CrashLooping => new("crash looping", Color.Red),
        V1.WorkerState.Stopped => new("stopped"),
        _ => new(worker.State.ToString()),
    };

    // The one thing that somebody who looks wants to know next.
    private static string Note(V1.WorkerStatus worker, DateTimeOffset now)
    {
        if (worker.NextTryAt is { } next)
        {
            var left = next.ToDateTimeOffset() - now;
            return $"next try {(left > TimeSpan.Zero ? $"in {DurationText.Of(left)}" : "now")}{Died(", ", worker)}";
        }

        return worker.LeavingBecause.Length > 0 ? worker.LeavingBecause
            : worker.PoolLeaving ? "its pool is leaving: the configuration is another one"
            : worker.Debugged ? "a debugger holds it"
            : worker.Suspect && worker.SilentFor is { } silence ? $"no sign of life for {FailureText.Time(silence)}"
            : Died("", worker);
    }

    // That one was replaced as planned is nothing to look into.
    private static string Died(string before, V1.WorkerStatus worker) => worker.LastDeath is not { Cause: not V1.DeathCause.Recycle } death ? "" :
        $"{before}#{death.Incarnation} died: {DeathText.Of(death)}";
}
