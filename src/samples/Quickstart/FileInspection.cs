using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using System.Threading.Channels;

namespace WorkerHost.Samples.Quickstart;

/// <summary>Everything this sample does with the pool.</summary>
internal sealed partial class FileInspection(WorkerPool pool, string folder)
{
    /// <summary>
    /// Under chaos. Enough for every file that a worker can read between two kills; one that takes longer than a worker
    /// ever lives fails in the end as <c>WORKER_LOST</c>.
    /// </summary>
    public const int MostAttempts = 20;

    /// <summary>Files under way at a time: enough to keep the workers busy, and all the memory a run needs.</summary>
    private const int Ahead = 1024;

    /// <summary>
    /// The same file again gives the same facts, so a worker's death costs another attempt. A file that cannot be read to
    /// its end within the limit, for example one of a device's that blocks for ever, is stopped and reported.
    /// </summary>
    private static readonly TaskOptions Task = new() { Idempotent = true, TimeLimit = TimeSpan.FromMinutes(10) };

    /// <summary>How often each has been tried so far.</summary>
    private readonly ConcurrentDictionary<FoundFile, Func<int>> underWay = new();

    /// <summary>Workers that have ended so far.</summary>
    public long Deaths => pool.Supervisor.Totals.Deaths.Values.Sum();

    public static EmbeddedPoolOptions Options(QuickstartOptions options)
    {
        var pool = new EmbeddedPoolOptions { Name = "files", Workers = options.Workers };
        return options.Chaos is null ? pool : ForChaos(pool);
    }

    /// <summary>
    /// Yields each file's outcome as it comes, in any order. What is under way when the token is cancelled, or the
    /// consumer stops, is cancelled.
    /// </summary>
    public async IAsyncEnumerable<FileOutcome> OutcomesAsync(IEnumerable<FoundFile> files, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var outcomes = Channel.CreateBounded<FileOutcome>(Ahead);
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = Ahead, CancellationToken = leaving.Token };
        var inspecting = InspectAllAsync();
        try
        {
            // What is done is told even after the token was cancelled; then the channel ends with that.
            await foreach (var outcome in outcomes.Reader.ReadAllAsync(CancellationToken.None))
            {
                yield return outcome;
            }
        }
        finally
        {
            await leaving.CancelAsync();
            await inspecting;
        }

        async Task InspectAllAsync()
        {
            Exception? ended = null;
            try
            {
                await Parallel.ForEachAsync(files, parallel, async (file, ct) => await outcomes.Writer.WriteAsync(await InspectAsync(file, ct), ct));
            }
            catch (Exception e)
            {
                ended = e;
            }

            outcomes.Writer.Complete(ended);
        }
    }

    /// <summary>The file under way that was tried most often, with the number of its present attempt; 0 attempts when none is under way.</summary>
    public (FoundFile? File, int Attempts) MostTried() =>
        underWay.Select(static f => (File: (FoundFile?)f.Key, Attempts: f.Value())).DefaultIfEmpty().MaxBy(static f => f.Attempts);

    private async Task<FileOutcome> InspectAsync(FoundFile file, CancellationToken cancellationToken)
    {
        if (file.Problem is not null)
        {
            return new FileOutcome(file, null, file.Problem);
        }

        TaskFuture<FileFacts>? future = null;
        underWay[file] = () => future?.Attempts.Count ?? 0;
        try
        {
            future = await pool.SubmitAsync<FileFacts>("file-facts", [Path.Combine(folder, file.Path)], Task, cancellationToken);
            var facts = await future;
            var last = future.Attempts[^1];
            return new FileOutcome(file, facts, null, last.Number, last.Worker, last.Pid);
        }
        catch (TaskException e)
        {
            return new FileOutcome(file, null, new FileProblem(NameOf(e.Kind), e.Message), future?.Attempts.Count ?? 0);
        }
        finally
        {
            underWay.TryRemove(file, out _);
        }
    }

    // Somebody kills workers without end: no number of deaths may be too many for a slot.
    private static EmbeddedPoolOptions ForChaos(EmbeddedPoolOptions pool) => pool with
    {
        Attempts = MostAttempts,
        Retry = new RetryOptions { MinDelay = TimeSpan.Zero, MaxDelay = TimeSpan.Zero },
        Supervision = pool.Supervision with
        {
            Restart = new RestartOptions { Intensity = 1_000_000, MinBackoff = TimeSpan.FromMilliseconds(10), MaxBackoff = TimeSpan.FromMilliseconds(100) },
        },
    };

    /// <summary>The settings that differ from the defaults, in words.</summary>
    public static string Describe(EmbeddedPoolOptions options) => FormattableString.Invariant(
        $"Attempts = {options.Attempts}, Retry.MinDelay = {options.Retry.MinDelay.TotalMilliseconds} ms, Retry.MaxDelay = {options.Retry.MaxDelay.TotalMilliseconds} ms, ")
        + FormattableString.Invariant($"Restart.Intensity = {options.Supervision.Restart.Intensity}, Restart.MinBackoff = {options.Supervision.Restart.MinBackoff.TotalMilliseconds} ms, ")
        + FormattableString.Invariant($"Restart.MaxBackoff = {options.Supervision.Restart.MaxBackoff.TotalMilliseconds} ms; tasks are idempotent");

    /// <summary>As the contract writes it: <c>TASK_FAILED</c>.</summary>
    private static string NameOf(TaskFailureKind kind) => WordStart().Replace(kind.ToString(), "_").ToUpperInvariant();

    [GeneratedRegex("(?<!^)(?=[A-Z])")]
    private static partial Regex WordStart();
}
