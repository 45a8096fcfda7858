namespace WorkerHost.Benchmarks;

/// <summary>How long to measure.</summary>
internal sealed record BenchmarkOptions(bool Quick, string? JsonFile)
{
    public const string Usage = """
        usage: WorkerHost.Benchmarks [--quick] [--json FILE]

          --quick      short rounds, at most two minutes in all
          --json FILE  also write the figures there, a line of JSON each; the file is overwritten
        """;

    /// <summary>Worker processes of every contender.</summary>
    public int Workers => 2;

    /// <summary>
    /// Tasks under way at a time, of every contender, in all. More make none of them quicker: raw gRPC is at its best from
    /// about 64 per connection, ProcessPoolExecutor from about 10.
    /// </summary>
    public int InFlight => 512;

    public int Rounds => Quick ? 5 : 9;

    public TimeSpan Round => TimeSpan.FromSeconds(Quick ? 1.5 : 4);

    public TimeSpan LatencyRound => TimeSpan.FromSeconds(Quick ? 1 : 2);

    public TimeSpan WarmUp => TimeSpan.FromSeconds(Quick ? 2 : 4);

    public static BenchmarkOptions? Parse(string[] arguments)
    {
        var options = new BenchmarkOptions(Quick: false, JsonFile: null);
        for (var i = 0; i < arguments.Length; i++)
        {
            switch (arguments[i])
            {
                case "--quick":
                    options = options with { Quick = true };
                    break;
                case "--json" when i + 1 < arguments.Length:
                    options = options with { JsonFile = arguments[++i] };
                    break;
                default:
                    return null;
            }
        }

        return options;
    }
}
