using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using System.Threading.Channels;

namespace WorkerHost.Samples.Quickstart;

/// <summary>Everything this sample does with the pool.</summary>
internal static partial class FilePool
{
    /// <summary>Files under way at a time: enough to keep the workers busy, and all the memory a run needs.</summary>
    private const int Ahead = 1024;

    /// <summary>
    /// The same file again gives the same facts, so a worker's death costs another attempt. A file that cannot be read to
    /// its end within the limit, for example one of a device's that blocks for ever, is stopped and reported.
    /// </summary>
    private static readonly TaskOptions Task = new() { Idempotent = true, TimeLimit = TimeSpan.FromMinutes(10) };

    public static EmbeddedPoolOptions Options(QuickstartOptions options)
    {
        var pool = new EmbeddedPoolOptions { Name = "files", Workers = options.Workers };
        return options.Chaos is null ? pool : ForChaos(pool);
    }

    /// <summary>Yields each file's outcome as it comes, in any order.</summary>
    public static async IAsyncEnumerable<FileOutcome> InspectAsync(
        WorkerPool pool, string folder, IEnumerable<FoundFile> files, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var outcomes = Channel.CreateUnbounded<FileOutcome>(new UnboundedChannelOptions { SingleReader = true });
        using var places = new SemaphoreSlim(Ahead);
        var submitting = SubmitAllAsync();
        await foreach (var outcome in outcomes.Reader.ReadAllAsync(cancellationToken))
        {
            yield return outcome;
            places.Release();
        }

        await submitting;

        async Task SubmitAllAsync()
        {
            var underWay = new HashSet<Task>();
            try
            {
                await System.Threading.Tasks.Task.Yield();
                foreach (var file in files)
                {
                    await places.WaitAsync(cancellationToken);
                    underWay.RemoveWhere(static t => t.IsCompletedSuccessfully);
                    underWay.Add(WriteOutcomeAsync(file));
                }

                await System.Threading.Tasks.Task.WhenAll(underWay);
                outcomes.Writer.Complete();
            }
            catch (Exception e)
            {
                outcomes.Writer.Complete(e);
            }
        }

        async Task WriteOutcomeAsync(FoundFile file) => outcomes.Writer.TryWrite(await InspectOneAsync(pool, folder, file, cancellationToken));
    }

    private static async Task<FileOutcome> InspectOneAsync(WorkerPool pool, string folder, FoundFile file, CancellationToken cancellationToken)
    {
        if (file.Problem is not null)
        {
            return new FileOutcome(file.Path, null, file.Problem);
        }

        TaskFuture<FileFacts>? future = null;
        try
        {
            future = await pool.SubmitAsync<FileFacts>("file-facts", [Path.Combine(folder, file.Path)], Task, cancellationToken);
            var facts = await future;
            var last = future.Attempts[^1];
            return new FileOutcome(file.Path, facts, null, last.Number, last.Worker, last.Pid);
        }
        catch (TaskException e)
        {
            return new FileOutcome(file.Path, null, new FileProblem(NameOf(e.Kind), e.Message), future?.Attempts.Count ?? 0);
        }
    }

    // Somebody kills workers without end: no number of deaths may be too many, for a file or for a slot.
    private static EmbeddedPoolOptions ForChaos(EmbeddedPoolOptions pool) => pool with
    {
        Attempts = 1000,
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

    /// <summary>Worker processes that have ended: every filling of a slot but the one that is alive.</summary>
    public static long Deaths(WorkerPool pool) => pool.Workers.Sum(static w => w.Pid == 0 ? w.Id.Incarnation : w.Id.Incarnation - 1);

    /// <summary>As the contract writes it: <c>TASK_FAILED</c>.</summary>
    private static string NameOf(TaskFailureKind kind) => WordStart().Replace(kind.ToString(), "_").ToUpperInvariant();

    [GeneratedRegex("(?<!^)(?=[A-Z])")]
    private static partial Regex WordStart();
}
