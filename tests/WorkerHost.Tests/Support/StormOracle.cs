using System.Globalization;

namespace WorkerHost.Tests;

/// <summary>What the caller of one task knows in the end.</summary>
/// <param name="Id">The task.</param>
/// <param name="Idempotent">It may run twice.</param>
/// <param name="Ends">How often it was told of an end.</param>
/// <param name="Result">What came back; null: it failed.</param>
/// <param name="Failure">How it failed; null: it did not.</param>
internal sealed record StormOutcome(string Id, bool Idempotent, int Ends, string? Result, TaskFailure? Failure);

/// <summary>
/// Compares what callers were told with what handlers wrote down themselves while they ran ("id attempt pid begin|end timestamp"),
/// and with when which process was killed. It knows nothing of the pool.
/// </summary>
internal static class StormOracle
{
    private sealed record Run(int Attempt, int Pid, long Begin)
    {
        public long? End { get; set; }
    }

    /// <returns>What is wrong, in words; empty: nothing.</returns>
    public static List<string> Judge(IEnumerable<StormOutcome> outcomes, IEnumerable<string> record, IReadOnlyDictionary<int, long> killedAt)
    {
        var wrong = new List<string>();
        var told = outcomes.ToList();
        var runs = Runs(record, [.. told.Select(static o => o.Id)], wrong);
        foreach (var outcome in told)
        {
            Judge(outcome, runs.Remove(outcome.Id, out var mine) ? mine : [], killedAt, what => wrong.Add($"{outcome.Id}: {what}"));
        }

        wrong.AddRange(runs.Keys.Select(static id => $"{id}: ran, and nobody submitted it"));
        return wrong;
    }

    private static void Judge(StormOutcome outcome, List<Run> runs, IReadOnlyDictionary<int, long> killedAt, Action<string> wrong)
    {
        if (outcome.Ends != 1)
        {
            wrong(outcome.Ends == 0 ? "lost: its caller was told nothing" : $"duplicated: its caller was told {outcome.Ends} ends");
        }

        if (outcome.Result is { } result && result != outcome.Id)
        {
            wrong($"swapped: its caller got the result of {result}");
        }

        if (outcome.Result is not null && !runs.Exists(static r => r.End is not null))
        {
            wrong("lost: its caller got a result, and no handler has finished it");
        }

        if (outcome.Failure is { NeverStarted: true } && runs.Count > 0)
        {
            wrong("it is said never to have started, and it ran");
        }

        if (!outcome.Idempotent && runs.Count > 1)
        {
            wrong($"duplicated: it is not idempotent and ran {runs.Count} times");
        }

        foreach (var twice in runs.GroupBy(static r => r.Attempt).Where(static g => g.Count() > 1))
        {
            wrong($"duplicated: attempt {twice.Key} ran {twice.Count()} times");
        }

        foreach (var (before, next) in runs.OrderBy(static r => r.Attempt).Zip(runs.OrderBy(static r => r.Attempt).Skip(1)))
        {
            if (!killedAt.TryGetValue(before.Pid, out var death))
            {
                wrong($"duplicated: it ran again although process {before.Pid} was not killed");
            }
            else if (next.Begin < death)
            {
                wrong($"overlapping: attempt {next.Attempt} began before process {before.Pid} of attempt {before.Attempt} was killed");
            }
        }
    }

    private static Dictionary<string, List<Run>> Runs(IEnumerable<string> record, HashSet<string> ids, List<string> wrong)
    {
        var runs = new Dictionary<string, List<Run>>(StringComparer.Ordinal);
        foreach (var line in record)
        {
            if (line.Split(' ') is not [.., var id, var attempt, var pid, var what, var at])
            {
                wrong.Add($"not a line of a record: {line}");
                continue;
            }

            // Linux cuts the write of a killed process off between two pages, and the next one's line follows on the same.
            id = ids.Contains(id) ? id : ids.Where(known => id.EndsWith(known, StringComparison.Ordinal)).MaxBy(static known => known.Length) ?? id;

            if (!runs.TryGetValue(id, out var mine))
            {
                runs[id] = mine = [];
            }

            var run = new Run(int.Parse(attempt, CultureInfo.InvariantCulture), int.Parse(pid, CultureInfo.InvariantCulture), long.Parse(at, CultureInfo.InvariantCulture));
            if (what == "begin")
            {
                mine.Add(run);
            }
            else if (mine.Find(r => r.Attempt == run.Attempt && r.Pid == run.Pid && r.End is null) is { } begun)
            {
                begun.End = run.Begin;
            }
            else
            {
                wrong.Add($"{id}: attempt {attempt} ended and never began");
            }
        }

        return runs;
    }
}
