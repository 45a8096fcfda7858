using System.Diagnostics.Metrics;
using System.Text.RegularExpressions;

namespace WorkerHost.Tests;

/// <summary>docs/observability.md is the one list of all names: what is there exists, and what exists is there.</summary>
public sealed partial class ObservabilityPageTests
{
    private static readonly string Page = File.ReadAllText(Path.Combine(RepositoryRoot.Path, "src", "docs", "observability.md"));

    [Fact]
    public void Every_instrument_is_on_the_page_with_its_kind_and_unit_and_the_other_way_round()
    {
        // Whoever asks a meter for anything has made its instruments.
        _ = Client.PoolMeter.MeasuresTasks;
        Supervision.SupervisionMeter.Record(new SupervisorEvent.Stopping());
        var instruments = new List<string>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, _) =>
            {
                if (instrument.Meter.Name.StartsWith("WorkerHost.", StringComparison.Ordinal))
                {
                    Assert.Contains($"Meter **{instrument.Meter.Name}**", Page, StringComparison.Ordinal);
                    instruments.Add($"{instrument.Name} {instrument.GetType().Name.Split('`')[0]} {instrument.Unit}");
                }
            },
        };
        listener.Start();
        Assert.Equal(InstrumentRow().Matches(Page).Select(m => $"{m.Groups[1]} {m.Groups[2]} {m.Groups[3]}").Order(), instruments.Order());
    }

    [Fact]
    public void Every_name_in_the_sources_is_on_the_page_and_the_other_way_round()
    {
        var sources = Directory.EnumerateFiles(Path.Combine(RepositoryRoot.Path, "src"), "*.cs", SearchOption.AllDirectories)
            .Where(static path => Path.GetDirectoryName(path)!.EndsWith("Diagnostics", StringComparison.Ordinal))
            .SelectMany(static path => QuotedName().Matches(File.ReadAllText(path)).Select(m => m.Groups[1].Value));
        Assert.Equal(PageName().Matches(Page).Select(m => m.Groups[1].Value).Distinct().Order(), sources.Distinct().Order());
    }

    [GeneratedRegex(@"^\| `(workerhost\.[a-z_.]+)` \| (\w+) \| `([^`]+)` \|", RegexOptions.Multiline)]
    private static partial Regex InstrumentRow();

    [GeneratedRegex(@"""(workerhost\.[a-z_.]+)""")]
    private static partial Regex QuotedName();

    [GeneratedRegex("`(workerhost\\.[a-z_.]+)`")]
    private static partial Regex PageName();
}
