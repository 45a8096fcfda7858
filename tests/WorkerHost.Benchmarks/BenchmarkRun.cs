namespace WorkerHost.Benchmarks;

/// <summary>
/// One run: all contenders stay alive from the first round to the last, and take turns, so that a machine that grows
/// slower or faster meanwhile does so for all of them.
/// </summary>
internal static class BenchmarkRun
{
    public static async Task<IReadOnlyList<Figure>> RunAsync(BenchmarkOptions options, TextWriter log)
    {
        await using var pool = await PoolContender.StartAsync(options.Workers);
        await using var raw = await RawUnaryContender.StartAsync(options.Workers, pool.WorkerEnvironment());
        await using var python = await ProcessPoolContender.StartAsync(options.Workers);
        await using var starts = await StartMeasurements.PrepareAsync(log);
        MachineFacts.Print(log, options, python.Version, $"{starts.Hello.Description}; the worker of the starts: {starts.Lean.Description}", pool.WorkerEnvironment());

        var samples = new SampleSet();
        IContender[] contenders = python.IsThere ? [pool, raw, python] : [pool, raw];
        foreach (var contender in contenders)
        {
            await contender.RunRoundAsync(options.WarmUp, options.InFlight);
        }

        for (var round = 1; round <= options.Rounds; round++)
        {
            foreach (var contender in contenders)
            {
                var result = await contender.RunRoundAsync(options.Round, options.InFlight);
                samples.Add(contender.RateName, contender.RateUnit, result.Tasks / result.Seconds);
                if (result.CpuSeconds is { } cpu)
                {
                    samples.Add($"echo8.{contender.Name}.cpu_us_per_task", "us", cpu * 1e6 / result.Tasks);
                }

                if (contender == pool)
                {
                    samples.Add("echo8.pool.client_bytes_per_task", "B", (double)result.AllocatedBytes / result.Tasks);
                }
            }

            var best = await raw.RunRoundAsync(options.Round, options.RawUnaryBest);
            samples.Add("echo8.raw_unary_at_its_best.calls_per_s", raw.RateUnit, best.Tasks / best.Seconds);
            log.WriteLine($"round {round} of {options.Rounds}: {samples.Last(contenders.Select(c => c.RateName))}");
        }

        DotnetContender[] sequential = [pool, raw];
        foreach (var contender in sequential)
        {
            await contender.MeasureLatencyAsync(options.LatencyRound);
        }

        for (var round = 1; round <= options.Rounds; round++)
        {
            foreach (var contender in sequential)
            {
                var (p50, p99) = await contender.MeasureLatencyAsync(options.LatencyRound);
                samples.Add($"echo8.{contender.Name}.p50_us", "us", p50);
                samples.Add($"echo8.{contender.Name}.p99_us", "us", p99);
            }
        }

        log.WriteLine($"latency: {samples.Last(["echo8.pool.p50_us", "echo8.raw_unary.p50_us"])}");

        // Nothing else of ours is alive but idle while processes start.
        for (var round = 0; round <= options.Rounds; round++)
        {
            var hello = await starts.HelloAsync();
            var ready = await starts.ReadyAsync();
            var cold = await starts.ColdRecoveryAsync();
            var spare = await starts.SpareRecoveryAsync();
            var worker = await starts.IdleWorkerMemoryAsync();
            var slim = await starts.SlimKestrelMemoryAsync(pool.WorkerEnvironment());
            if (round > 0)
            {
                samples.Add("start.hello_ms", "ms", hello);
                samples.Add("start.ready_ms", "ms", ready);
                samples.Add("recovery.cold_ms", "ms", cold);
                samples.Add("recovery.spare_ms", "ms", spare);
                samples.Add("idle.worker_rss_mb", "MB", worker);
                samples.Add("idle.slim_kestrel_rss_mb", "MB", slim);
            }
        }

        log.WriteLine($"starts: {samples.Last(["start.hello_ms", "start.ready_ms", "recovery.cold_ms", "recovery.spare_ms", "idle.worker_rss_mb", "idle.slim_kestrel_rss_mb"])}");
        return samples.Figures();
    }
}
