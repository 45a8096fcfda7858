using System.Collections.Immutable;

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

    [Fact]
    public async Task All_that_no_process_can_be_started_with_is_told_at_once_together_with_the_options()
    {
        var command = new WorkerCommand
        {
            FileName = " ",
            Arguments = ["fine", "a\0b", null!],
            WorkingDirectory = "/tmp\0/x",
            Environment = ImmutableDictionary<string, string>.Empty.Add("", "empty").Add("A=B", "x").Add("C", "c\0d").Add("D", null!).Add("FINE", "=x="),
        };
        var error = await Assert.ThrowsAsync<ArgumentException>(() => Supervisor.StartAsync(
            command, new SupervisorOptions { Workers = 0, InheritEnvironment = ["X\0"] }, cancellationToken: TestContext.Current.CancellationToken));
        Assert.Equal(
            [
                "WorkerCommand.FileName is \" \"; allowed: a path, or a name that is in PATH",
                "WorkerCommand.WorkingDirectory is \"/tmp\\0/x\"; allowed: no NUL character",
                "WorkerCommand.Arguments[1] is \"a\\0b\"; allowed: text without a NUL character",
                "WorkerCommand.Arguments[2] is null; allowed: text without a NUL character",
                "WorkerCommand.Environment.Keys is \"\"; allowed: a name of a variable, without '=' and NUL characters",
                "WorkerCommand.Environment.Keys is \"A=B\"; allowed: a name of a variable, without '=' and NUL characters",
                "WorkerCommand.Environment[\"C\"] has a NUL character; allowed: text without a NUL character",
                "WorkerCommand.Environment[\"D\"] is null; allowed: text without a NUL character",
                "Workers is 0; allowed: 1 to 10000",
                "InheritEnvironment is \"X\\0\"; allowed: names of variables, without '=', and with '*' at most at the end",
            ],
            error.Message.Split(Environment.NewLine)[1..].Select(static line => line.Trim().Replace(" (Parameter 'options')", "", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_missing_dictionary_and_missing_arguments_are_told_apart()
    {
        Assert.Equal(
            ["WorkerCommand.Environment is null; allowed: a dictionary; empty for nothing of your own"],
            WorkerCommandCheck.Find(new WorkerCommand { FileName = "sh", Environment = null!, Arguments = default }));
        Assert.Empty(WorkerCommandCheck.Find(WorkerCommand.Create("sh", "", "ünï = ok")));
    }
}
