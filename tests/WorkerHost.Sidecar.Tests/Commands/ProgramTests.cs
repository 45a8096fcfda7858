using WorkerHost.Sidecar.Commands;

namespace WorkerHost.Sidecar.Tests.Commands;

/// <summary>The commands as programs: in pipes, on a terminal, under signals.</summary>
public sealed class ProgramTests(DataFixture host) : IClassFixture<DataFixture>
{
    [Fact]
    public async Task Two_commands_write_to_one_file_behind_each_other()
    {
        var (code, output, error) = await BuiltProgram.InShell(
            "f=$(mktemp); (\"$WORKERHOST\" submit images add 1 2; \"$WORKERHOST\" submit images upper '\"x\"') > $f; cat $f; rm $f", host.File);

        Assert.Equal((0, "3\n\"X\"\n", ""), (code, output, error));
    }

    [Fact]
    public async Task A_map_whose_output_nobody_reads_any_more_ends()
    {
        var (code, output, error) = await BuiltProgram.InShell("yes 41 2>/dev/null | \"$WORKERHOST\" map images increment | head -n 2; exit ${PIPESTATUS[1]}", host.File);

        Assert.Equal((ExitCode.NobodyReads, "42\n42\n", ""), (code, output, error));
    }

    [Theory]
    [InlineData("--help")]
    [InlineData("config schema")]
    public async Task Nobody_has_to_read_what_a_command_writes(string command)
    {
        var (code, output, error) = await BuiltProgram.InShell($"\"$WORKERHOST\" {command} | true; exit ${{PIPESTATUS[0]}}", host.File);

        Assert.Contains(code, new[] { 0, ExitCode.NobodyReads });
        Assert.Equal(("", ""), (output, error));
    }

    [Fact]
    public async Task On_a_terminal_a_map_shows_a_bar_below_its_results()
    {
        RequiredTool.Demand(File.Exists("/usr/bin/python3"), "python3");
        var input = Path.Combine(Path.GetDirectoryName(host.File)!, "naps.jsonl");
        await File.WriteAllLinesAsync(input, Enumerable.Repeat("20", 50));

        var (code, output, _) = await BuiltProgram.OnTerminal($"\"$WORKERHOST\" map images sleep < {input}", host.File);

        Assert.Equal(0, code);
        Assert.Matches(@"\r█*░+ +\d+ %  \d+ done  [\d.]+/s  ETA 0:0\d\x1b\[K\r\x1b\[K", output);
        Assert.Contains("50 done, in ", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ctrl_C_ends_a_map_and_says_how_far_it_was()
    {
        RequiredTool.Demand(File.Exists("/usr/bin/python3"), "python3");
        var input = Path.Combine(Path.GetDirectoryName(host.File)!, "nap-and-sleep.jsonl");
        await File.WriteAllLinesAsync(input, ["1", "60000"]);

        var (code, output, _) = await BuiltProgram.OnTerminal($"exec \"$WORKERHOST\" map images sleep < {input}", host.File, " done  ");

        Assert.Equal(ExitCode.Interrupted, code);
        Assert.Contains("interrupted: 2 lines were read and 1 of them done; the other 1 were cancelled", output, StringComparison.Ordinal);
        await Eventually.IsTrue(() => host.Images.UnsettledTasks == 0);
    }
}
