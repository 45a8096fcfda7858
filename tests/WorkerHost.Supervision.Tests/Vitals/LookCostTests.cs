using System.Diagnostics;
using System.Globalization;

namespace WorkerHost.Supervision.Tests.Vitals;

public sealed class LookCostTests
{
    /// <summary>The figure in docs/supervision.md.</summary>
    [Fact]
    public async Task A_look_at_a_worker_costs_microseconds()
    {
        const int looks = 10_000;
        await using var supervised = await Supervised.StartAsync(Supervised.Dummy("beats"));
        var worker = await supervised.ReadyAsync();
        using var ledger = new OpenLedger(Assert.Single(Directory.GetFiles(supervised.Directory.Path, "ledger", SearchOption.AllDirectories)));
        using var reader = new SignReader(ledger, ProcessIdentity.Holder(worker.Pid), lanes: 1);
        Assert.True(reader.Read() is { Beats: > 0, ResidentBytes: > 0 });
        var took = new double[looks];
        for (var i = 0; i < looks; i++)
        {
            var start = Stopwatch.GetTimestamp();
            reader.Read();
            took[i] = Stopwatch.GetElapsedTime(start).TotalMicroseconds;
        }

        Array.Sort(took);
        TestContext.Current.TestOutputHelper!.WriteLine(string.Create(CultureInfo.InvariantCulture, $"a look: {took[looks / 2]:0} µs (median of {looks}), 99 % within {took[looks * 99 / 100]:0} µs"));
        Assert.InRange(took[looks / 2], 0, 1_000);
    }
}
