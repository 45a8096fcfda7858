namespace WorkerHost.Contracts.Tests;

[Trait("Scenario", "55")]
public sealed class DeathReportTests
{
    [Fact]
    public void A_full_report_tells_the_whole_story_in_one_paragraph() => Assert.Equal(
        "worker images/2#7 (pid 4711) ended after 1.5 s: OutOfMemory, SIGKILL (memory limit 512 MiB); running: a, b; "
        + "peak memory 511 MiB; next: restart in 1.6 s; last stderr: first | second",
        new DeathReport
        {
            Worker = new WorkerId("images", 2, 7),
            Pid = 4711,
            Uptime = TimeSpan.FromMilliseconds(1500),
            Cause = DeathCause.OutOfMemory,
            Signal = "SIGKILL",
            Reason = "memory limit 512 MiB",
            RunningTasks = ["a", "b"],
            LastOutput = ["first", "second"],
            PeakMemoryBytes = 511L << 20,
            Next = "restart in 1.6 s",
        }.ToString());

    [Fact]
    public void What_is_not_known_is_left_out() => Assert.Equal(
        "worker images/0#1 ended after 0 ms: BootFailure, no process",
        new DeathReport { Worker = new WorkerId("images", 0, 1), Cause = DeathCause.BootFailure }.ToString());

    [Fact]
    public void An_empty_report_of_defaulted_lists_can_be_printed() => Assert.Equal(
        "worker /0#0 ended after 0 ms: Exit, exit code 0",
        new DeathReport { Worker = default, Cause = DeathCause.Exit, ExitCode = 0, RunningTasks = default, LastOutput = default }.ToString());

    [Theory]
    [InlineData(null, 42, "exit code 42")]
    [InlineData(null, 0, "exit code 0")]
    [InlineData("SIGSEGV", null, "SIGSEGV")]
    [InlineData(null, null, "no process")]
    public void The_exit_is_a_code_or_a_signal_by_name(string? signal, int? code, string text) =>
        Assert.Equal(text, new DeathReport { Worker = default, Cause = DeathCause.Crash, Signal = signal, ExitCode = code }.Exit);

    [Theory]
    [InlineData(DeathCause.Unknown, false)]
    [InlineData(DeathCause.Crash, true)]
    [InlineData(DeathCause.Exit, true)]
    [InlineData(DeathCause.OutOfMemory, true)]
    [InlineData(DeathCause.Hang, true)]
    [InlineData(DeathCause.BootTimeout, false)]
    [InlineData(DeathCause.BootFailure, false)]
    [InlineData(DeathCause.Recycle, false)]
    [InlineData(DeathCause.Ordered, false)]
    [InlineData(DeathCause.Killed, false)]
    [InlineData(DeathCause.Stop, false)]
    [InlineData(DeathCause.Limit, true)]
    [Trait("Scenario", "16")]
    public void Only_a_death_of_its_own_making_can_be_charged_to_the_task(DeathCause cause, bool charged) =>
        Assert.Equal(charged, new DeathReport { Worker = default, Cause = cause }.IsOfItsOwnMaking);
}
