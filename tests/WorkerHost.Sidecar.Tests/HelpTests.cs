using WorkerHost.Sidecar.Commands;

namespace WorkerHost.Sidecar.Tests;

public sealed class HelpTests
{
    [Fact]
    public void The_command_says_what_it_is_for() =>
        Assert.Contains("worker processes", Root.Create().Description, StringComparison.Ordinal);
}
