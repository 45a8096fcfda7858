using CsCheck;

namespace WorkerHost.Client.Tests;

/// <summary>Callers who always have something waiting, and lanes that work on a clock of their own.</summary>
[Trait("Scenario", "52")]
public sealed class FairTimeTests(ITestOutputHelper output)
{
    /// <summary>
    /// The bound of start-time fair queueing: at no time is one served more than another by more than the longest tasks of both, once for each
    /// that may be with a worker (a lane has at most one of its like ahead) and once for the turn.
    /// </summary>
    [Fact]
    public void Whoever_always_waits_gets_the_same_time_whatever_the_others_submit()
    {
        var duration = Gen.Int[0, 3].Select(static power => (long)(100 * Math.Pow(10, power)));
        Gen.Select(duration.Array[2, 4], Gen.Int[1, 4], Gen.Bool).Sample(
            static (durations, lanes, known) =>
            {
                var longest = durations.Max();
                var run = new Run(durations, lanes, known);
                run.Until(longest);
                var atFirst = run.Served.ToArray();
                run.Until(31 * longest);
                for (var i = 0; i < durations.Length; i++)
                {
                    for (var j = 0; j < i; j++)
                    {
                        // What was not known at first is learned in the first moment.
                        var ahead = Math.Abs(run.Served[i] - atFirst[i] - (run.Served[j] - atFirst[j]));
                        var bound = (2 * lanes + 2) * (durations[i] + durations[j]) + 4 * lanes * 200;
                        Assert.True(ahead <= bound, $"{ahead} µs ahead, {bound} allowed: {string.Join(' ', durations)} µs on {lanes} lanes, served {string.Join(' ', run.Served)}");
                    }
                }
            },
            iter: 15,
            threads: 1);
    }

    [Fact]
    public void A_flood_of_long_tasks_leaves_the_short_ones_of_another_half_of_the_time()
    {
        var run = new Run([5_000_000, 1000], lanes: 2, known: true);
        run.Until(40_000_000);
        output.WriteLine($"of {run.Served.Sum() / 1e6:0.0} s of lanes the short tasks had {run.Served[1] / 1e6:0.0} s");
        Assert.InRange(run.Served[1], 0.4 * run.Served.Sum(), 0.6 * run.Served.Sum());
    }

    private sealed class Run
    {
        private readonly DispatcherRig rig = new();
        private readonly CallerShare[] callers;
        private readonly string[] names;
        private readonly long[] durations;
        private readonly Dictionary<EndpointState, (TaskEntry Entry, long End)> running = [];

        public Run(long[] durations, int lanes, bool known)
        {
            this.durations = durations;
            Served = new long[durations.Length];
            callers = [.. durations.Select(static _ => new CallerShare())];
            names = [.. durations.Select(static (d, i) => $"{i}: {d}")];
            var first = rig.Open();
            for (var i = 0; known && i < names.Length; i++)
            {
                PrefetchTests.Teach(rig, first, names[i], durations[i]);
            }

            for (var i = 0; i < names.Length; i++)
            {
                for (var task = 0; task < 20; task++)
                {
                    rig.Submit(names[i], share: callers[i]);
                }
            }

            for (var slot = 1; slot < lanes; slot++)
            {
                rig.Open(slot);
            }

            start = rig.Now;
        }

        private readonly long start;

        /// <summary>Microseconds of lanes by caller, of tasks that have ended.</summary>
        public long[] Served { get; }

        public void Until(long microseconds)
        {
            while (Next() is { } next && next.End <= start + microseconds * TimeSpan.TicksPerMicrosecond)
            {
                rig.Now = next.End;
                var caller = Array.IndexOf(callers, next.Entry.Share);
                Served[caller] += durations[caller];
                running.Remove(next.Entry.Endpoint!);
                rig.Succeed(next.Entry, durations[caller]);
                rig.Decided();
            }
        }

        /// <summary>What ends first. A lane begins with the oldest that it has, and callers keep twenty tasks waiting.</summary>
        private (TaskEntry Entry, long End)? Next()
        {
            for (var i = 0; i < callers.Length; i++)
            {
                while (callers[i].Tasks < 20)
                {
                    rig.Submit(names[i], share: callers[i]);
                }
            }

            (TaskEntry Entry, long End)? first = null;
            foreach (var endpoint in rig.Dispatcher.Endpoints)
            {
                rig.Pump(endpoint);
                if (!running.TryGetValue(endpoint, out var now))
                {
                    var entry = endpoint.InFlight.InOrder()[0];
                    now = (entry, rig.Now + durations[Array.IndexOf(callers, entry.Share)] * TimeSpan.TicksPerMicrosecond);
                    running.Add(endpoint, now);
                }

                first = first is { } other && other.End <= now.End ? other : now;
            }

            return first;
        }
    }
}
