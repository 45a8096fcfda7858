namespace WorkerHost.Benchmarks;

/// <summary>
/// One run: all contenders stay alive from the first round to the last, and take turns, so that a machine that grows
/// slower or faster meanwhile does so for all of them.
/// </summary>
internal static class BenchmarkRun
{
    public static async Task<IReadOnlyList<Figure>> RunAsync(BenchmarkOptions options, TextWriter log)
    {
        var samples = new SampleSet();
        await using var starts = await StartMeasurements.PrepareAsync(log, native: options.Has("starts"));
        IReadOnlyDictionary<string, string> environment;
        await using (var pool = await PoolContender.StartAsync(options.Workers))
        {
            environment = pool.WorkerEnvironment();
            await using var raw = await RawUnaryContender.StartAsync(options.Workers, environment);
            await using var python = await ProcessPoolContender.StartAsync(options.Workers);
            MachineFacts.Print(log, options, python.Version, $"{starts.Hello.Description}; the worker of the starts: {starts.Lean.Description}", environment);
            if (options.Has("echo"))
            {
                await EchoAsync(options, samples, log, pool, raw, python);
            }

            if (options.Has("sidecar"))
            {
                await SidecarAsync(options, samples, log, pool, raw);
            }

            if (options.Has("generated"))
            {
                await GeneratedAsync(options, samples, log, pool.Generated, raw);
            }

            if (options.Has("loads"))
            {
                await PayloadsAsync(options, samples, log, pool, raw);
            }
        }

        // Nothing else of ours is alive from here on.
        if (options.Has("loads"))
        {
            await MakespanAsync(options, samples, log);
            await LoadsAsync(options, samples, log);
        }

        if (options.Has("starts"))
        {
            await StartsAsync(options, samples, log, starts, environment);
        }

        return samples.Figures();
    }

    private static async Task EchoAsync(BenchmarkOptions options, SampleSet samples, TextWriter log, PoolContender pool, RawUnaryContender raw, ProcessPoolContender python)
    {
        IContender[] contenders = python.IsThere ? [pool, raw, python] : [pool, raw];
        foreach (var contender in contenders)
        {
            await contender.RunRoundAsync(options.WarmUp, options.InFlight);
        }

        await pool.Functions.RunRoundAsync(options.WarmUp, options.InFlight);
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
                    samples.Add("echo8.pool.alloc_bytes_per_task", "B", (double)result.AllocatedBytes / result.Tasks);
                }
            }

            var best = await raw.RunRoundAsync(options.Round, options.RawUnaryBest);
            samples.Add("echo8.raw_unary_at_its_best.calls_per_s", raw.RateUnit, best.Tasks / best.Seconds);
            var functions = await pool.Functions.RunRoundAsync(options.Round, options.InFlight);
            samples.Add(pool.Functions.RateName, pool.Functions.RateUnit, functions.Tasks / functions.Seconds);
            samples.Add("functions.pool.alloc_bytes_per_task", "B", (double)functions.AllocatedBytes / functions.Tasks);
            log.WriteLine($"round {round} of {options.Rounds}: {samples.Last([.. contenders.Select(c => c.RateName), pool.Functions.RateName])}");
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
    }

    private static async Task SidecarAsync(BenchmarkOptions options, SampleSet samples, TextWriter log, PoolContender pool, RawUnaryContender raw)
    {
        await using var sidecar = await SidecarContender.StartAsync(options.Workers);
        (string Name, DotnetContender Contender)[] contenders = [(sidecar.RateName, sidecar), ("sidecar.pool.tasks_per_s", pool), ("sidecar.raw_unary.calls_per_s", raw)];
        for (var round = 0; round <= options.Rounds; round++)
        {
            foreach (var (name, contender) in contenders)
            {
                var result = await contender.RunRoundAsync(round == 0 ? options.WarmUp : options.Round, options.InFlight);
                if (round > 0)
                {
                    samples.Add(name, contender.RateUnit, result.Tasks / result.Seconds);
                }
            }

            var (p50, p99) = await sidecar.MeasureLatencyAsync(options.LatencyRound);
            var (ofPool, _) = await pool.MeasureLatencyAsync(options.LatencyRound);
            if (round > 0)
            {
                samples.Add("sidecar.echo8.p50_us", "us", p50);
                samples.Add("sidecar.echo8.p99_us", "us", p99);
                samples.Add("sidecar.pool.p50_us", "us", ofPool);
                log.WriteLine($"sidecar {round} of {options.Rounds}: {samples.Last([.. contenders.Select(static c => c.Name), "sidecar.echo8.p50_us"])}");
            }
        }
    }

    private static async Task GeneratedAsync(BenchmarkOptions options, SampleSet samples, TextWriter log, GeneratedContender pool, RawUnaryContender raw)
    {
        (string Name, DotnetContender Contender)[] contenders = [("generated.pool.calls_per_s", pool), ("generated.raw.calls_per_s", raw)];
        for (var round = 0; round <= options.Rounds; round++)
        {
            foreach (var (name, contender) in contenders)
            {
                var result = await contender.RunRoundAsync(round == 0 ? options.WarmUp : options.Round, options.InFlight);
                if (round > 0)
                {
                    samples.Add(name, "calls/s", result.Tasks / result.Seconds);
                    samples.Add(name.Replace("calls_per_s", "alloc_bytes_per_call", StringComparison.Ordinal), "B", (double)result.AllocatedBytes / result.Tasks);
                }
            }

            if (round > 0)
            {
                log.WriteLine($"generated {round} of {options.Rounds}: {samples.Last(contenders.Select(static c => c.Name))}");
            }
        }
    }

    private static async Task PayloadsAsync(BenchmarkOptions options, SampleSet samples, TextWriter log, PoolContender pool, RawUnaryContender raw)
    {
        (string Name, int Bytes, int InFlight)[] sizes = [("echo1m", 1 << 20, 4), ("echo16m", 16 << 20, 2)];
        for (var round = 0; round <= options.Rounds; round++)
        {
            foreach (var (name, bytes, inFlight) in sizes)
            {
                foreach (var contender in (DotnetContender[])[pool, raw])
                {
                    var rate = await contender.MeasurePayloadsAsync(bytes, inFlight, options.LatencyRound);
                    if (round > 0)
                    {
                        samples.Add($"{name}.{contender.Name}.mb_per_s", "MB/s", rate);
                    }
                }
            }
        }

        log.WriteLine($"payloads: {samples.Last(sizes.SelectMany(static s => new[] { $"{s.Name}.pool.mb_per_s", $"{s.Name}.raw_unary.mb_per_s" }))}");
    }

    private static async Task MakespanAsync(BenchmarkOptions options, SampleSet samples, TextWriter log)
    {
        // Until then the workers compile what the first tasks made hot, beside the tasks.
        const int warmUpRounds = 3;
        await using var pool = await LoadMeasurements.StartAsync(options.Workers);
        for (var round = 1 - warmUpRounds; round <= options.Rounds; round++)
        {
            var ofPool = await LoadMeasurements.MakespanRatioAsync(pool, options.Workers, tasks: 200);
            var ofThreads = LoadMeasurements.MakespanRatioOfThreads(options.Workers, tasks: 200);
            if (round > 0)
            {
                samples.Add("cpu10ms.pool.makespan_ratio", "", ofPool);
                samples.Add("cpu10ms.threads.makespan_ratio", "", ofThreads);
            }
        }

        log.WriteLine($"makespan: {samples.Last(["cpu10ms.pool.makespan_ratio", "cpu10ms.threads.makespan_ratio"])}");
    }

    private static async Task LoadsAsync(BenchmarkOptions options, SampleSet samples, TextWriter log)
    {
        int[] workers = [1, 2, 4, 8];
        for (var round = 1; round <= options.Rounds; round++)
        {
            samples.Add("mixed.pool.short_p99_ratio", "", await LoadMeasurements.ShortP99RatioAsync(options.Workers, 4 * options.Round, seed: round));
            foreach (var count in workers)
            {
                samples.Add($"scale.workers_{count}.tasks_per_s", "tasks/s", await LoadMeasurements.RateAsync(count, options.InFlight, options.LatencyRound));
            }

            await using var pool = await LoadMeasurements.StartAsync(options.Workers);
            await LoadMeasurements.QueuedAsync(pool, 100_000);
            samples.Add("queued.1k.us_per_task", "us", await LoadMeasurements.QueuedAsync(pool, 1_000));
            samples.Add("queued.1m.us_per_task", "us", await LoadMeasurements.QueuedAsync(pool, 1_000_000));
            log.WriteLine($"loads {round} of {options.Rounds}: {samples.Last(["mixed.pool.short_p99_ratio", "queued.1k.us_per_task", "queued.1m.us_per_task"])}");
        }
    }

    private static async Task StartsAsync(BenchmarkOptions options, SampleSet samples, TextWriter log, StartMeasurements starts, IReadOnlyDictionary<string, string> environment)
    {
        for (var round = 0; round <= options.Rounds; round++)
        {
            var hello = await starts.HelloAsync();
            var ready = await starts.ReadyAsync();
            var nativeReady = await starts.NativeReadyAsync();
            var cold = await starts.ColdRecoveryAsync();
            var nativeCold = await starts.NativeColdRecoveryAsync();
            var spare = await starts.SpareRecoveryAsync();
            var worker = await starts.IdleWorkerMemoryAsync();
            var slim = await starts.SlimKestrelMemoryAsync(environment);
            if (round > 0)
            {
                samples.Add("start.hello_ms", "ms", hello);
                samples.Add("start.ready_ms", "ms", ready);
                samples.Add("recovery.cold_ms", "ms", cold);
                samples.Add("recovery.spare_ms", "ms", spare);
                samples.Add("idle.worker_rss_mb", "MB", worker);
                samples.Add("idle.slim_kestrel_rss_mb", "MB", slim);
                if (nativeReady is not null && nativeCold is not null)
                {
                    samples.Add("start.aot_ready_ms", "ms", nativeReady.Value);
                    samples.Add("recovery.aot_cold_ms", "ms", nativeCold.Value);
                }
            }
        }

        log.WriteLine($"starts: {samples.Last(["start.hello_ms", "start.ready_ms", "start.aot_ready_ms", "recovery.aot_cold_ms", "recovery.cold_ms", "recovery.spare_ms", "idle.worker_rss_mb", "idle.slim_kestrel_rss_mb"])}");
    }
}
