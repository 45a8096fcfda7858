namespace WorkerHost.Supervision.Tests.Slots;

public sealed class DeathClassifierTests
{
    [Theory]
    // how it ended, why it was to leave, whether a signal of ours was sent, whether it had been ready: the cause
    [InlineData("none", null, false, false, DeathCause.BootFailure)]
    [InlineData("exit 0", null, false, false, DeathCause.BootFailure)]
    [InlineData("exit 1", null, false, false, DeathCause.BootFailure)]
    [InlineData("signal 11", null, false, false, DeathCause.BootFailure)]
    [InlineData("exit 75", null, false, false, DeathCause.BootFailure)]
    [InlineData("exit 75", null, false, true, DeathCause.Recycle)]
    [InlineData("exit 0", null, false, true, DeathCause.Exit)]
    [InlineData("exit 1", null, false, true, DeathCause.Crash)]
    [InlineData("exit 78", null, false, true, DeathCause.Crash)]
    [InlineData("exit 137", null, false, true, DeathCause.Crash)]
    [InlineData("exit 143", null, false, true, DeathCause.Crash)]
    [InlineData("signal 4", null, false, true, DeathCause.Crash)]
    [InlineData("signal 5", null, false, true, DeathCause.Crash)]
    [InlineData("signal 6", null, false, true, DeathCause.Crash)]
    [InlineData("signal 7", null, false, true, DeathCause.Crash)]
    [InlineData("signal 8", null, false, true, DeathCause.Crash)]
    [InlineData("signal 11", null, false, true, DeathCause.Crash)]
    [InlineData("signal 31", null, false, true, DeathCause.Crash)]
    [InlineData("signal 9", null, false, true, DeathCause.Killed)]
    [InlineData("signal 15", null, false, true, DeathCause.Killed)]
    [InlineData("signal 2", null, false, true, DeathCause.Killed)]
    [InlineData("unknown", null, false, true, DeathCause.Unknown)]
    [InlineData("unknown", null, false, false, DeathCause.BootFailure)]
    [InlineData("exit 0", LeaveKind.Recycle, false, true, DeathCause.Recycle)]
    [InlineData("exit 75", LeaveKind.Recycle, false, true, DeathCause.Recycle)]
    [InlineData("exit 1", LeaveKind.Recycle, false, true, DeathCause.Crash)]
    [InlineData("signal 9", LeaveKind.Recycle, false, true, DeathCause.Killed)]
    [InlineData("signal 11", LeaveKind.Recycle, true, true, DeathCause.Crash)]
    [InlineData("exit 143", LeaveKind.Recycle, true, true, DeathCause.Recycle)]
    [InlineData("signal 15", LeaveKind.Recycle, true, true, DeathCause.Recycle)]
    [InlineData("signal 9", LeaveKind.Recycle, true, true, DeathCause.Recycle)]
    [InlineData("signal 9", LeaveKind.Ordered, true, true, DeathCause.Ordered)]
    [InlineData("signal 11", LeaveKind.Ordered, true, true, DeathCause.Crash)]
    [InlineData("exit 143", LeaveKind.Ordered, true, true, DeathCause.Ordered)]
    [InlineData("exit 0", LeaveKind.Ordered, true, true, DeathCause.Ordered)]
    [InlineData("signal 9", LeaveKind.BootTimeout, true, false, DeathCause.BootTimeout)]
    [InlineData("signal 9", LeaveKind.Hang, true, true, DeathCause.Hang)]
    [InlineData("exit 0", LeaveKind.Hang, true, true, DeathCause.Hang)]
    [InlineData("signal 11", LeaveKind.Hang, true, true, DeathCause.Crash)]
    [InlineData("signal 9", LeaveKind.Limit, true, true, DeathCause.Limit)]
    [InlineData("signal 9", LeaveKind.Limit, true, false, DeathCause.Limit)]
    [InlineData("signal 6", LeaveKind.Limit, true, true, DeathCause.Crash)]
    [InlineData("exit 0", LeaveKind.Stop, false, true, DeathCause.Stop)]
    [InlineData("signal 9", LeaveKind.Stop, true, true, DeathCause.Stop)]
    [InlineData("none", LeaveKind.Stop, true, false, DeathCause.BootFailure)]
    internal void A_death_is_named_by_its_facts_and_by_what_was_done(string end, LeaveKind? leave, bool signalled, bool wasReady, DeathCause cause) =>
        Assert.Equal(cause, DeathClassifier.Classify(Facts(end), leave is { } kind ? new Leave(kind, "test", signalled) : null, wasReady));

    [Fact]
    public void Only_a_death_of_its_own_making_may_be_charged_to_a_task()
    {
        var charged = Enum.GetValues<DeathCause>()
            .Where(cause => new DeathReport { Worker = new WorkerId("p", 0, 1), Cause = cause }.IsOfItsOwnMaking);
        Assert.Equal([DeathCause.Crash, DeathCause.Exit, DeathCause.OutOfMemory, DeathCause.Hang, DeathCause.Limit], charged);
    }

    private static ExitFacts Facts(string end) => end.Split(' ') switch
    {
        ["none"] => ExitFacts.NotStarted("not found"),
        ["unknown"] => ExitFacts.Unknown,
        ["exit", var code] => ExitFacts.Exited(int.Parse(code, System.Globalization.CultureInfo.InvariantCulture)),
        [_, var signal] => ExitFacts.Signalled(int.Parse(signal, System.Globalization.CultureInfo.InvariantCulture)),
        _ => throw new ArgumentException(end),
    };
}
