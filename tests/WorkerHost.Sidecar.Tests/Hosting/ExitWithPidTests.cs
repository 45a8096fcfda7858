using System.Diagnostics;
using WorkerHost.Sidecar.Hosting;

namespace WorkerHost.Sidecar.Tests.Hosting;

public sealed class ExitWithPidTests
{
    [Fact]
    public async Task The_end_of_the_process_is_seen_also_while_nobody_has_asked_for_its_exit_code()
    {
        // A shell that has become a sleep never waits for the child it had before: it stays a zombie.
        using var parent = Process.Start(new ProcessStartInfo("sh", ["-c", "sleep 60 & echo $!; exec sleep 60"]) { RedirectStandardOutput = true })!;
        try
        {
            var child = int.Parse((await parent.StandardOutput.ReadLineAsync())!);
            await using var watch = ExitWithPid.Watch(child, TimeProvider.System);
            Assert.False(watch.Gone.IsCompleted);

            using (var kill = Process.Start("kill", ["-KILL", $"{child}"]))
            {
                await kill.WaitForExitAsync();
            }

            await watch.Gone.WaitAsync(Eventually.Patience);
            Assert.Contains("Z", File.ReadAllText($"/proc/{child}/stat").Split(')')[1], StringComparison.Ordinal);
        }
        finally
        {
            parent.Kill();
            await parent.WaitForExitAsync();
        }
    }

    [Fact]
    public async Task A_process_that_is_gone_already_is_gone_at_once()
    {
        using var ended = Process.Start("true");
        await ended.WaitForExitAsync();

        await using var watch = ExitWithPid.Watch(ended.Id, TimeProvider.System);
        Assert.True(watch.Gone.IsCompletedSuccessfully);
    }

    [Fact]
    public async Task A_watch_ends_when_it_is_told_to()
    {
        var watch = ExitWithPid.Watch(Environment.ProcessId, TimeProvider.System);
        Assert.False(watch.Gone.IsCompleted);
        await watch.DisposeAsync();
        Assert.True(watch.Gone.IsCanceled);
        Assert.Throws<ArgumentOutOfRangeException>(() => ExitWithPid.Watch(0, TimeProvider.System));
    }
}
