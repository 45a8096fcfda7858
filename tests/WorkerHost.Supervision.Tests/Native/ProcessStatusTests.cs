using System.Diagnostics;

namespace WorkerHost.Supervision.Tests.Native;

public sealed class ProcessStatusTests
{
    [Fact]
    public void It_says_memory_and_that_nobody_stops_or_traces_it()
    {
        using var status = ProcessStatus.TryOpen(ProcessIdentity.Holder(Environment.ProcessId));
        var facts = status!.Read()!.Value;
        Assert.InRange(facts.ResidentBytes!.Value, 1 << 20, facts.PeakBytes!.Value);
        Assert.False(facts.IsStopped);
        Assert.False(facts.IsTraced);
    }

    [Fact]
    public void A_process_of_a_user_with_very_many_groups_is_read_whole()
    {
        // They are listed before the memory.
        Assert.SkipUnless(Environment.UserName == "root", "only root gives itself groups");
        RequiredTool.Demand(File.Exists("/usr/bin/setpriv"), "setpriv");
        using var process = Start("setpriv", "--groups", string.Join(',', Enumerable.Range(10_000, 5_000)), "sh", "-c", "echo here; exec sleep 1000");
        try
        {
            Assert.True(File.ReadAllText($"/proc/{process.Id}/status").Length > 16 * 1024);
            using var status = ProcessStatus.TryOpen(ProcessIdentity.Holder(process.Id));
            Assert.True(status!.Read() is { ResidentBytes: > 0, PeakBytes: > 0 });
        }
        finally
        {
            process.Kill();
            process.WaitForExit();
        }
    }

    [Fact]
    [Trait("Scenario", "48")]
    public void A_stranger_with_the_same_number_is_not_read()
    {
        var me = ProcessIdentity.Holder(Environment.ProcessId);
        Assert.Null(ProcessStatus.TryOpen(me with { StartTime = "1" }));
        Assert.Null(ProcessStatus.TryOpen(ProcessIdentity.Holder(int.MaxValue)));
    }

    [Fact]
    public void One_that_has_ended_says_nothing_more()
    {
        using var process = Start("sh", "-c", "echo here; exec sleep 1000");
        using var status = ProcessStatus.TryOpen(ProcessIdentity.Holder(process.Id));
        Assert.NotNull(status!.Read());
        process.Kill();
        process.WaitForExit();
        Assert.Null(status.Read());
    }

    /// <summary>Returns once it has said that it is there.</summary>
    private static Process Start(string program, params string[] arguments)
    {
        var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!;
        Assert.Equal("here", process.StandardOutput.ReadLine());
        return process;
    }
}
