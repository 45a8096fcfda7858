namespace WorkerHost.Benchmarks;

/// <summary>How long to measure.</summary>
internal sealed record BenchmarkOptions(bool Quick, string? JsonFile, int InFlight, string? Part)
{
    public const string Usage = """
        usage: WorkerHost.Benchmarks [--quick] [--part echo|sidecar|generated|starts|loads] [--json FILE] [--in-flight N]

          --quick        short rounds, three minutes in all
          --part PART    only echoes of 8 bytes, only those through a host, only those of a generated gRPC client, only starts and recoveries, or only payloads and other loads
          --json FILE    also write the figures there, a line of JSON each; the file is overwritten
          --in-flight N  tasks under way at a time, of every contender, in all; default 512
        """;

    /// <summary>Worker processes of every contender.</summary>
    public int Workers => 2;

    /// <summary>
    /// Where raw gRPC unary is at its best: fewer leave the processors idle, more slow it down by two thirds. Measured
    /// beside the same number for all, so that nobody takes the ratio for what gRPC can do.
    /// </summary>
    public int RawUnaryBest => 64;

    public int Rounds => Quick ? 5 : 9;

    public TimeSpan Round => TimeSpan.FromSeconds(Quick ? 1.5 : 4);

    public TimeSpan LatencyRound => TimeSpan.FromSeconds(Quick ? 1 : 2);

    public TimeSpan WarmUp => TimeSpan.FromSeconds(Quick ? 2 : 4);

    public bool Has(string part) => Part is null || Part == part;

    public static BenchmarkOptions? Parse(string[] arguments)
    {
        var options = new BenchmarkOptions(Quick: false, JsonFile: null, InFlight: 512, Part: null);
        for (var i = 0; i < arguments.Length; i++)
        {
            switch (arguments[i])
            {
                case "--quick":
                    options = options with { Quick = true };
                    break;
                case "--part" when i + 1 < arguments.Length && arguments[i + 1] is "echo" or "sidecar" or "generated" or "starts" or "loads":
                    options = options with { Part = arguments[++i] };
                    break;
                case "--json" when i + 1 < arguments.Length:
                    options = options with { JsonFile = arguments[++i] };
                    break;
                case "--in-flight" when i + 1 < arguments.Length && int.TryParse(arguments[++i], out var inFlight) && inFlight is >= 1 and <= 2000:
                    options = options with { InFlight = inFlight };
                    break;
                default:
                    return null;
            }
        }

        return options;
    }
}
