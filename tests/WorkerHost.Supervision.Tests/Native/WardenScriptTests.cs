using System.Diagnostics;

namespace WorkerHost.Supervision.Tests.Native;

/// <summary>The script alone, told things that are not so.</summary>
public sealed class WardenScriptTests
{
    [Fact]
    [Trait("Scenario", "48")]
    public async Task A_group_whose_number_was_given_to_a_stranger_is_not_killed()
    {
        using var stranger = Sleep();
        await RunAsync($"+ {stranger.Id} 1");
        Assert.True(Facts.IsAlive(stranger.Id));
        await RunAsync($"+ {stranger.Id} {StartTime(stranger)}");
        Facts.AssertGone(stranger.Id);
        await stranger.WaitForExitAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_group_that_was_to_be_forgotten_is_not_killed_and_the_others_are()
    {
        using var first = Sleep();
        using var second = Sleep();
        using var third = Sleep();
        await RunAsync(
            $"+ {first.Id} {StartTime(first)}", $"+ {second.Id} {StartTime(second)}", $"+ {third.Id} {StartTime(third)}", $"- {second.Id}", "- 999999999", "garbage");
        Facts.AssertGone(first.Id);
        Facts.AssertGone(third.Id);
        Assert.True(Facts.IsAlive(second.Id));
        await RunAsync($"+ {second.Id} {StartTime(second)}");
    }

    [Fact]
    public async Task A_group_whose_leader_is_dead_is_killed()
    {
        // The leader starts a member, tells its own start time and the member's number, and is gone.
        using var leader = Start("setsid", ["sh", "-c", "sleep 1000 >/dev/null & read -r stat < /proc/$$/stat; set -- ${stat##*) }; echo $$ ${20} $!"]);
        var words = (await leader.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken)).Split(' ', '\n');
        await leader.WaitForExitAsync(TestContext.Current.CancellationToken);
        var member = int.Parse(words[2], System.Globalization.CultureInfo.InvariantCulture);
        Assert.True(Facts.IsAlive(member));
        await RunAsync($"+ {words[0]} {words[1]}");
        Facts.AssertGone(member);
    }

    [Fact]
    public async Task What_a_runtime_in_a_group_has_made_for_debuggers_is_deleted_and_that_of_others_is_not()
    {
        using var directory = new TemporaryDirectory();
        string[] gone = [directory.File("clr-debug-pipe-99999991-5-in", ""), directory.File("clr-debug-pipe-99999991-5-out", ""), directory.File("dotnet-diagnostic-99999991-5-socket", "")];
        string[] kept = [directory.File("clr-debug-pipe-99999991-55-in", ""), directory.File("dotnet-diagnostic-99999992-5-socket", "")];
        await RunAsync(directory.Path, ["+ 99999991 5:", "+ 99999992 5:", "- 99999992"]);
        Assert.DoesNotContain(gone, File.Exists);
        Assert.All(kept, static f => Assert.True(File.Exists(f), f));
    }

    private static string StartTime(Process process) => ProcessIdentity.Of(process.Id)!.Value.StartTime;

    private static Process Sleep()
    {
        var sleeper = Start("setsid", ["sh", "-c", "echo; exec sleep 1000 >/dev/null"]);
        Assert.Equal("", sleeper.StandardOutput.ReadLine());
        return sleeper;
    }

    /// <summary>A child that is no group's leader becomes one by setsid without a fork, so its number is the group's.</summary>
    private static Process Start(string program, string[] arguments) =>
        Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!;

    private static Task RunAsync(params string[] lines) => RunAsync(null, lines);

    private static async Task RunAsync(string? temporary, string[] lines)
    {
        var start = new ProcessStartInfo("/bin/sh", ["-c", WardenScript.Text]) { RedirectStandardInput = true, RedirectStandardError = true };
        start.Environment["TMPDIR"] = temporary;
        using var script = Process.Start(start)!;
        foreach (var line in lines)
        {
            await script.StandardInput.WriteLineAsync(line);
        }

        script.StandardInput.Close();
        await script.WaitForExitAsync(TestContext.Current.CancellationToken);
    }
}
