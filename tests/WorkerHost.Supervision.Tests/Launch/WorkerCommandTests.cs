namespace WorkerHost.Supervision.Tests.Launch;

public sealed class WorkerCommandTests
{
    [Fact]
    public void Self_is_the_running_executable_with_other_arguments()
    {
        var self = WorkerCommand.Self("work", "hard");
        Assert.Equal(Environment.ProcessPath, self.FileName);
        Assert.Equal(["work", "hard"], self.Arguments.TakeLast(2));
        var isMuxer = Path.GetFileName(Environment.ProcessPath) == "dotnet";
        Assert.Equal(isMuxer ? 3 : 2, self.Arguments.Length);
    }
}
