using CsCheck;

namespace WorkerHost.Contracts.Tests;

/// <summary>Random lives of a worker, marked in a real ledger and in a plain model: both tell the same story.</summary>
public sealed class LedgerModelTests
{
    private const int Sessions = 3;

    private enum Fate
    {
        Waiting,
        Running,
        Finished,

        /// <summary>Finished, and its lane has taken another since.</summary>
        Forgotten,
    }

    // A step is a lane: it finishes what it runs, or starts the next task of the session drawn with it.
    private static readonly Gen<(int Lanes, (int Lane, int Session)[] Steps)> Life =
        Gen.Int[1, 4].SelectMany(lanes => Gen.Select(Gen.Int[0, lanes - 1], Gen.Int[0, Sessions - 1]).Array[0, 60].Select(steps => (lanes, steps)));

    [Fact]
    public void Whatever_the_moment_of_death_each_task_is_judged_as_what_it_was() => Life.Sample(
        life =>
        {
            using var ledger = new LedgerFile(life.Lanes);
            var keys = Enumerable.Range(0, Sessions).Select(s => (ulong)(1000 + s)).ToArray();
            var tracks = keys.Select(ledger.Page.OpenTrack).ToArray();
            var fates = keys.Select(_ => new List<Fate>()).ToArray();
            var busy = new (int Session, int Task)?[life.Lanes];
            var last = new (int Session, int Task)?[life.Lanes];
            foreach (var (lane, session) in life.Steps)
            {
                if (busy[lane] is { } running)
                {
                    ledger.Page.Finish(lane);
                    fates[running.Session][running.Task] = Fate.Finished;
                    last[lane] = running;
                    busy[lane] = null;
                }
                else
                {
                    if (last[lane] is { } before)
                    {
                        fates[before.Session][before.Task] = Fate.Forgotten;
                    }

                    busy[lane] = (session, fates[session].Count);
                    fates[session].Add(Fate.Running);
                    ledger.Page.Start(lane, tracks[session], keys[session], (ulong)fates[session].Count);
                }
            }

            var evidence = ledger.Evidence();
            for (var session = 0; session < Sessions; session++)
            {
                for (var task = 0; task < fates[session].Count + 2; task++)
                {
                    var fate = task < fates[session].Count ? fates[session][task] : Fate.Waiting;
                    var expected = fate switch
                    {
                        Fate.Waiting => StartVerdict.NeverStarted,
                        Fate.Running => StartVerdict.Running,
                        Fate.Finished => StartVerdict.Finished,
                        Fate.Forgotten => StartVerdict.Passed,
                        _ => throw new InvalidOperationException($"no such fate: {fate}"),
                    };
                    Assert.Equal(expected, evidence.Judge(keys[session], (ulong)task + 1));
                }
            }
        },
        iter: 500);
}
