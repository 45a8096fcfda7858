using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using WorkerHost.Sidecar.Admin.Metrics;

namespace WorkerHost.Sidecar.Tests.Admin;

/// <summary>/metrics as a scraper sees it.</summary>
public sealed partial class MetricsTests
{
    [Fact]
    [Trait("Scenario", "56")]
    public async Task Metrics_are_what_Prometheus_reads_add_up_and_survive_workers()
    {
        RequiredTool.Demand(File.Exists("/usr/bin/promtool"), "promtool");
        var name = $"pool-{Guid.NewGuid():n}"[..12];
        var pool = await WorkerPool.StartAsync(TestWorker.Command, AdminHost.Options(name, 1));
        await using var host = await AdminHost.StartAsync([pool]);
        var before = await host.Http.GetStringAsync("/metrics");
        await pool.Submit<int>("add", [1, 2]).Task.WaitAsync(Eventually.Patience);
        await Assert.ThrowsAsync<TaskException>(() => pool.Submit<int>("segv", []).Task.WaitAsync(Eventually.Patience));
        await Eventually.IsTrue(() => pool.Supervisor.Counts.Idle == 1 && pool.Supervisor.Totals.Starts == 2);
        var after = await host.Http.GetStringAsync("/metrics");

        Assert.Equal("", await LintAsync(after));
        Assert.Equal(0, Value(before, $"workerhost_pool_tasks_submitted_total{{workerhost_pool_name=\"{name}\"}}"));
        Assert.Equal(2, Value(after, $"workerhost_pool_tasks_submitted_total{{workerhost_pool_name=\"{name}\"}}"));
        Assert.Equal(1, Value(after, $"workerhost_pool_tasks_ended_total{{workerhost_pool_name=\"{name}\",workerhost_task_outcome=\"succeeded\"}}"));
        Assert.Equal(1, Value(after, $"workerhost_worker_deaths_total{{workerhost_pool_name=\"{name}\",workerhost_worker_death_cause=\"crash\"}}"));
        Assert.Equal(1, Value(after, $"workerhost_pool_ready{{workerhost_pool_name=\"{name}\"}}"));
        Assert.Equal(1, States().Sum(state => Value(after, $"workerhost_workers{{workerhost_pool_name=\"{name}\",workerhost_worker_state=\"{state}\"}}")));

        // How long tasks take is measured from the first question on.
        Assert.Equal(1, Value(after, $"workerhost_task_duration_seconds_count{{workerhost_pool_name=\"{name}\",workerhost_task_name=\"add\",workerhost_task_outcome=\"succeeded\"}}"));
        Assert.Equal(1, Value(after, $"workerhost_task_duration_seconds_bucket{{workerhost_pool_name=\"{name}\",workerhost_task_name=\"add\",workerhost_task_outcome=\"succeeded\",le=\"+Inf\"}}"));
        Assert.True(Value(after, "process_memory_usage_bytes") > 1 << 20);

        // What is gone leaves no level behind, as it would if the last value were kept.
        await pool.Supervisor.ScaleAsync(0).WaitAsync(Eventually.Patience);
        Assert.DoesNotContain($"workerhost_worker_resident_memory_bytes{{workerhost_pool_name=\"{name}\"", await host.Http.GetStringAsync("/metrics"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("workerhost.worker.starts", "{worker}", true, "workerhost_worker_starts_total")]
    [InlineData("workerhost.task.duration", "s", false, "workerhost_task_duration_seconds")]
    [InlineData("workerhost.worker.resident_memory", "By", false, "workerhost_worker_resident_memory_bytes")]
    [InlineData("workerhost.pool.ready", "1", false, "workerhost_pool_ready")]
    public void A_name_is_made_as_OpenTelemetry_says(string name, string unit, bool isCounter, string expected) =>
        Assert.Equal(expected, MetricsText.NameOf(name, unit, isCounter));

    [Fact]
    public void Every_metric_is_on_the_page_and_the_other_way_round()
    {
        var page = File.ReadAllText(Path.Combine(RepositoryRoot.Path, "src", "docs", "sidecar-operations.md"));
        var libraries = File.ReadAllText(Path.Combine(RepositoryRoot.Path, "src", "docs", "observability.md"));
        using var process = new ProcessMeter();
        var expected = Instrument().Matches(libraries)
            .Select(m => MetricsText.NameOf(m.Groups[1].Value, m.Groups[3].Value, m.Groups[2].Value is "Counter" or "ObservableCounter"))
            .Concat(["process_cpu_time_seconds_total", "process_memory_usage_bytes", "process_managed_heap_usage_bytes", "process_managed_heap_committed_bytes"]);
        Assert.Equal(expected.Order(StringComparer.Ordinal), Metric().Matches(page).Select(static m => m.Groups[1].Value).Order(StringComparer.Ordinal));
    }

    private static string[] States() => ["busy", "idle", "starting", "draining", "spare"];

    private static double Value(string text, string series)
    {
        var line = text.Split('\n').SingleOrDefault(line => line.StartsWith($"{series} ", StringComparison.Ordinal));
        return line is null ? 0 : double.Parse(line[(series.Length + 1)..], CultureInfo.InvariantCulture);
    }

    private static async Task<string> LintAsync(string text)
    {
        using var promtool = Process.Start(new ProcessStartInfo("/usr/bin/promtool", ["check", "metrics"]) { RedirectStandardInput = true, RedirectStandardError = true, RedirectStandardOutput = true })!;
        await promtool.StandardInput.WriteAsync(text);
        promtool.StandardInput.Close();
        var said = promtool.StandardError.ReadToEndAsync();
        var also = promtool.StandardOutput.ReadToEndAsync();
        await promtool.WaitForExitAsync();
        return $"{await said}{await also}{(promtool.ExitCode == 0 ? "" : $"exit code {promtool.ExitCode}")}";
    }

    [GeneratedRegex(@"^\| `(workerhost\.[a-z_.]+)` \| (\w+) \| `([^`]+)` \|", RegexOptions.Multiline)]
    private static partial Regex Instrument();

    [GeneratedRegex(@"^\| `([a-z_]+)` \|", RegexOptions.Multiline)]
    private static partial Regex Metric();
}
