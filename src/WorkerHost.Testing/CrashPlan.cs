namespace WorkerHost.Testing;

/// <summary>Which tasks end their workers. Thread-safe.</summary>
internal sealed class CrashPlan
{
    private readonly Lock gate = new();
    private readonly List<Rule> rules = [];

    public void Add(string task, CrashMoment moment, int nth, int times, TestDeath death)
    {
        lock (gate)
        {
            rules.Add(new Rule(task, moment, nth, nth + (long)times, death));
        }
    }

    /// <summary>A task has come to that moment. Not null: so its worker ends.</summary>
    public TestDeath? At(CrashMoment moment, string task)
    {
        TestDeath? death = null;
        lock (gate)
        {
            foreach (var rule in rules)
            {
                if (rule.Moment == moment && rule.Task == task)
                {
                    rule.Seen++;
                    death ??= rule.Seen >= rule.First && rule.Seen < rule.End ? rule.Death : null;
                }
            }
        }

        return death;
    }

    private sealed class Rule(string task, CrashMoment moment, int first, long end, TestDeath death)
    {
        public string Task => task;

        public CrashMoment Moment => moment;

        public long First => first;

        public long End => end;

        public TestDeath Death => death;

        public long Seen { get; set; }
    }
}
