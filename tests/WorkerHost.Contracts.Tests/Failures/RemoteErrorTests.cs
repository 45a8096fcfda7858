namespace WorkerHost.Contracts.Tests;

[Trait("Scenario", "7")]
public sealed class RemoteErrorTests
{
    [Fact]
    public void It_prints_type_message_stack_and_every_cause() => Assert.Equal(
        "A: outer\n  at x\n ---> B: inner\n  at y",
        new RemoteError("A", "outer", "  at x", new RemoteError("B", "inner", "  at y", null)).ToString());
}
