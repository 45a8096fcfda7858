namespace WorkerHost.Worker.Tests;

public sealed class RunTests(SharedWorker shared) : IClassFixture<SharedWorker>
{
    private WorkerUnderTest Worker => shared.Worker;

    [Theory]
    [InlineData("add", "[1, 2]", "3")]
    [InlineData("add_async", "[1, 2]", "3")]
    [InlineData("upper", "[\"straße 🙂\"]", "\"STRA\\u00DFE \\uD83D\\uDE42\"")]
    [InlineData("greet", "[\"Ada\"]", "\"Hello, Ada\"")]
    [InlineData("greet", "[\"Ada\", \"Hi\"]", "\"Hi, Ada\"")]
    [InlineData("sum", "[[1, 2, 3]]", "6")]
    [InlineData("sum", "[[]]", "0")]
    [InlineData("move", "[{\"x\": 1, \"Y\": 2}, 10, 20]", "{\"x\":11,\"y\":22}")]
    [InlineData("value_task", "[21]", "42")]
    [InlineData("double_aot", "[21]", "42")]
    [InlineData("nothing", "[]", "null")]
    public async Task A_task_takes_json_arguments_and_returns_json(string task, string arguments, string result) =>
        Assert.Equal(result, await Worker.RunJsonAsync(task, arguments));
}
