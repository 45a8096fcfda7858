namespace WorkerHost.Benchmarks;

/// <summary>The figures, and those that count: ratios with the floor that has to hold and the aim behind it.</summary>
internal static class RatioTable
{
    private sealed record Ratio(string What, string Over, string? Under, double? Floor, double? Aim, bool MoreIsBetter);

    private static readonly Ratio[] Ratios =
    [
        new("tasks/s ÷ raw gRPC unary", "echo8.pool.tasks_per_s", "echo8.raw_unary.calls_per_s", 8, 15, true),
        new("tasks/s ÷ raw gRPC unary at its best (64)", "echo8.pool.tasks_per_s", "echo8.raw_unary_at_its_best.calls_per_s", null, null, true),
        new("tasks/s ÷ ProcessPoolExecutor", "echo8.pool.tasks_per_s", "echo8.process_pool_executor.tasks_per_s", 40, 100, true),
        new("p50 one at a time ÷ raw gRPC unary", "echo8.pool.p50_us", "echo8.raw_unary.p50_us", 1.0, 0.7, false),
        new("processor time per task ÷ raw gRPC unary", "echo8.pool.cpu_us_per_task", "echo8.raw_unary.cpu_us_per_task", 0.2, 0.1, false),
        new("bytes allocated per task, client side", "echo8.pool.alloc_bytes_per_task", null, 800, 400, false),
        new("function from int to int, tasks/s ÷ 8-byte echo", "functions.pool.tasks_per_s", "echo8.pool.tasks_per_s", 0.85, 0.95, true),
        new("through a host, tasks/s ÷ embedded pool", "sidecar.echo8.tasks_per_s", "sidecar.pool.tasks_per_s", 0.5, 0.7, true),
        new("through a host, tasks/s ÷ raw gRPC unary", "sidecar.echo8.tasks_per_s", "sidecar.raw_unary.calls_per_s", 4, 8, true),
        new("through a host, p50 ÷ embedded pool", "sidecar.echo8.p50_us", "sidecar.pool.p50_us", null, null, false),
        new("generated client, calls/s ÷ the same on a channel", "generated.pool.calls_per_s", "generated.raw.calls_per_s", 4, 10, true),
        new("10 ms of processor time: makespan ÷ ideal", "cpu10ms.pool.makespan_ratio", null, 1.05, 1.02, false),
        new("the same on threads of one process ÷ ideal", "cpu10ms.threads.makespan_ratio", null, null, null, false),
        new("95 % 0.1 ms, 5 % 50 ms: p99 of short ÷ ideal", "mixed.pool.short_p99_ratio", null, 2, 1.3, false),
        new("per task: 1 000 000 queued ÷ 1000 queued", "queued.1m.us_per_task", "queued.1k.us_per_task", 1.2, 1.2, false),
        new("1 MiB echo, MB/s ÷ raw gRPC unary", "echo1m.pool.mb_per_s", "echo1m.raw_unary.mb_per_s", null, null, true),
        new("16 MiB echo, MB/s ÷ raw gRPC unary", "echo16m.pool.mb_per_s", "echo16m.raw_unary.mb_per_s", null, null, true),
        new("kill -9 to first result, no spare ÷ hello", "recovery.cold_ms", "start.hello_ms", 12, 6, false),
        new("native worker ready ÷ hello", "start.aot_ready_ms", "start.hello_ms", 4, 1.5, false),
        new("kill -9 to first result, native, no spare ÷ hello", "recovery.aot_cold_ms", "start.hello_ms", 4, 1.5, false),
        new("kill -9 to next result, with a spare (ms)", "recovery.spare_ms", null, 20, 8, false),
        new("idle worker's memory ÷ empty slim Kestrel", "idle.worker_rss_mb", "idle.slim_kestrel_rss_mb", 1.5, 1.1, false),
    ];

    public static void Print(TextWriter output, IReadOnlyList<Figure> figures)
    {
        var byName = figures.ToDictionary(f => f.Name);
        output.WriteLine();
        output.WriteLine($"{"",-48}{"median",14}{"min",14}{"max",14}");
        foreach (var f in figures)
        {
            output.WriteLine($"{f.Name,-48}{SampleSet.Number(f.Value),14}{SampleSet.Number(f.Min),14}{SampleSet.Number(f.Max),14}  {f.Unit}");
        }

        output.WriteLine();
        output.WriteLine($"{"",-48}{"measured",14}{"floor",14}{"aim",14}");
        foreach (var ratio in Ratios)
        {
            if (byName.TryGetValue(ratio.Over, out var over) && (ratio.Under is null || byName.ContainsKey(ratio.Under)))
            {
                var value = ratio.Under is null ? over.Value : over.Value / byName[ratio.Under].Value;
                output.WriteLine($"{ratio.What,-48}{SampleSet.Number(value),14}{Limit(ratio, ratio.Floor),14}{Limit(ratio, ratio.Aim),14}  {Verdict(ratio, value)}");
            }
            else
            {
                output.WriteLine($"{ratio.What,-48}{"not measured",14}");
            }
        }
    }

    private static string Limit(Ratio ratio, double? limit) => limit is { } l ? $"{(ratio.MoreIsBetter ? '≥' : '≤')} {SampleSet.Number(l)}" : "-";

    private static string Verdict(Ratio ratio, double value) =>
        ratio is not { Floor: { } floor, Aim: { } aim } ? ""
        : Holds(ratio, value, aim) ? "aim reached"
        : Holds(ratio, value, floor) ? "floor holds"
        : "FLOOR MISSED";

    private static bool Holds(Ratio ratio, double value, double limit) => ratio.MoreIsBetter ? value >= limit : value <= limit;
}
