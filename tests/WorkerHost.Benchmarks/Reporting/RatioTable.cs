using System.Globalization;

namespace WorkerHost.Benchmarks;

/// <summary>The figures, and those that count: ratios with the floor that has to hold and the aim behind it.</summary>
internal static class RatioTable
{
    private sealed record Ratio(string What, string Over, string? Under, double? Floor, double? Aim, bool MoreIsBetter);

    private static readonly Ratio[] Ratios =
    [
        new("tasks/s ÷ raw gRPC unary", "echo8.pool.tasks_per_s", "echo8.raw_unary.calls_per_s", 5, 15, true),
        new("tasks/s ÷ raw gRPC unary at its best (64)", "echo8.pool.tasks_per_s", "echo8.raw_unary_at_its_best.calls_per_s", null, null, true),
        new("tasks/s ÷ ProcessPoolExecutor", "echo8.pool.tasks_per_s", "echo8.process_pool_executor.tasks_per_s", 20, 100, true),
        new("p50 one at a time ÷ raw gRPC unary", "echo8.pool.p50_us", "echo8.raw_unary.p50_us", 1.1, 0.7, false),
        new("processor time per task ÷ raw gRPC unary", "echo8.pool.cpu_us_per_task", "echo8.raw_unary.cpu_us_per_task", 0.3, 0.1, false),
        new("bytes allocated per task, client side", "echo8.pool.client_bytes_per_task", null, 1000, 400, false),
        new("kill -9 to first result, no spare ÷ hello", "recovery.cold_ms", "start.hello_ms", 12, 6, false),
        new("kill -9 to next result, with a spare (ms)", "recovery.spare_ms", null, 20, 8, false),
        new("idle worker's memory ÷ empty slim Kestrel", "idle.worker_rss_mb", "idle.slim_kestrel_rss_mb", 1.5, 1.1, false),
    ];

    public static void Print(TextWriter output, IReadOnlyList<Figure> figures)
    {
        var byName = figures.ToDictionary(f => f.Name);
        output.WriteLine();
        output.WriteLine($"{"",-44}{"median",14}{"min",14}{"max",14}");
        foreach (var f in figures)
        {
            output.WriteLine($"{f.Name,-44}{Number(f.Value),14}{Number(f.Min),14}{Number(f.Max),14}  {f.Unit}");
        }

        output.WriteLine();
        output.WriteLine($"{"",-44}{"measured",14}{"floor",14}{"aim",14}");
        foreach (var ratio in Ratios)
        {
            if (byName.TryGetValue(ratio.Over, out var over) && (ratio.Under is null || byName.ContainsKey(ratio.Under)))
            {
                var value = ratio.Under is null ? over.Value : over.Value / byName[ratio.Under].Value;
                output.WriteLine($"{ratio.What,-44}{Number(value),14}{Limit(ratio, ratio.Floor),14}{Limit(ratio, ratio.Aim),14}  {Verdict(ratio, value)}");
            }
            else
            {
                output.WriteLine($"{ratio.What,-44}{"not measured",14}");
            }
        }
    }

    private static string Limit(Ratio ratio, double? limit) => limit is { } l ? $"{(ratio.MoreIsBetter ? '≥' : '≤')} {Number(l)}" : "-";

    private static string Verdict(Ratio ratio, double value) =>
        ratio is not { Floor: { } floor, Aim: { } aim } ? ""
        : Holds(ratio, value, aim) ? "aim reached"
        : Holds(ratio, value, floor) ? "floor holds"
        : "FLOOR MISSED";

    private static bool Holds(Ratio ratio, double value, double limit) => ratio.MoreIsBetter ? value >= limit : value <= limit;

    private static string Number(double value) => value.ToString(value >= 100 ? "N0" : "0.##", CultureInfo.InvariantCulture);
}
