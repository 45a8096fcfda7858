using System.Text.Json;

namespace WorkerHost.Polyglot.Tests;

/// <summary>Debian's grpcio against a worker's endpoint: no SDK of ours on the client's side.</summary>
[Trait("Scenario", "62")]
public sealed class StockPythonClientTests(PythonStubs stubs) : IClassFixture<PythonStubs>
{
    [Fact]
    public async Task Over_a_unix_socket_it_runs_tasks_hears_of_errors_and_cancels()
    {
        PythonStubs.DemandTools();
        var folder = Directory.CreateTempSubdirectory("wh-poly-");
        try
        {
            var socket = Path.Combine(folder.FullName, "s");
            using var worker = LaunchedWorker.OverUnixSocket(socket);
            Judge(await RunAsync($"unix:{socket}"));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    [Trait("Scenario", "61")]
    public async Task Over_tcp_it_does_the_same_with_the_secret_and_nothing_without()
    {
        PythonStubs.DemandTools();
        const string secret = "a secret of the test";
        var (worker, address) = LaunchedWorker.OverTcp(secret);
        using (worker)
        {
            var cases = await RunAsync(address, secret);
            Judge(cases);
            Assert.Equal("UNAUTHENTICATED", Text(cases["no secret"], "code"));
            Assert.Equal("UNAUTHENTICATED", Text(cases["wrong secret"], "code"));
            Assert.DoesNotContain(secret, cases["wrong secret"].GetRawText(), StringComparison.Ordinal);
        }
    }

    private static void Judge(Dictionary<string, JsonElement> cases)
    {
        var upper = cases["upper"].GetProperty("result");
        Assert.Equal(
            ("GRÜN", "application/json", "mine-1", "polyglot/3#5"),
            (Text(upper, "value"), Text(upper, "type"), Text(upper, "id"), Text(upper, "worker")));
        Assert.Equal(42, cases["add"].GetProperty("result").GetProperty("value").GetInt32());

        var unknown = cases["unknown"];
        Assert.Equal("UNIMPLEMENTED", Text(unknown, "code"));
        Assert.Contains("no such task", Text(unknown, "details"), StringComparison.Ordinal);
        Assert.Equal("TASK_FAILURE_KIND_UNKNOWN_TASK", Text(unknown.GetProperty("failure"), "kind"));
        Assert.True(unknown.GetProperty("failure").GetProperty("neverStarted").GetBoolean());

        Assert.Equal("INVALID_ARGUMENT", Text(cases["bad input"], "code"));
        Assert.Equal("TASK_FAILURE_KIND_BAD_INPUT", Text(cases["bad input"].GetProperty("failure"), "kind"));

        var thrown = cases["thrown"];
        Assert.Equal("UNKNOWN", Text(thrown, "code"));
        Assert.Equal("TASK_FAILURE_KIND_TASK_FAILED", Text(thrown.GetProperty("failure"), "kind"));
        Assert.Equal("System.InvalidOperationException", Text(thrown.GetProperty("failure"), "type"));
        Assert.Equal("told to", Text(thrown.GetProperty("failure"), "errorMessage"));

        Assert.Equal("DEADLINE_EXCEEDED", Text(cases["late"], "code"));
        Assert.Equal("cancelled", Text(cases["cancelled"], "result"));

        var streamed = cases["streamed"].GetProperty("result");
        Assert.Equal(("polyglot/3#5", "[0, 1, 2]", ""), (Text(streamed, "started"), streamed.GetProperty("items").GetRawText(), Text(streamed, "outcome")));
        var midway = cases["streamed, thrown midway"].GetProperty("result");
        Assert.Equal(("[0, 1]", "UNKNOWN", "told to, midway"), (midway.GetProperty("items").GetRawText(), Text(midway, "code"), Text(midway.GetProperty("failure"), "errorMessage")));
        Assert.Equal("[0, 1, 2, 3, 4]", cases["streamed, left"].GetProperty("result").GetProperty("items").GetRawText());
        var progress = cases["progress"].GetProperty("result");
        Assert.EndsWith("[1.0, \"step 10\"]]", progress.GetProperty("progress").GetRawText(), StringComparison.Ordinal);
        Assert.Equal("10", Text(progress, "outcome"));

        // The one lane is free again: all of them stopped when they were told.
        Assert.Equal(2, cases["after all that"].GetProperty("result").GetProperty("value").GetInt32());

        var description = cases["describe"].GetProperty("result");
        Assert.Equal(("polyglot", "polyglot/3#5"), (Text(description, "pool"), Text(description, "worker")));
        Assert.Contains("upper", description.GetProperty("tasks").EnumerateArray().Select(t => t.GetString()));
        Assert.Contains("session", description.GetProperty("capabilities").EnumerateArray().Select(t => t.GetString()));
    }

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString()!;

    private async Task<Dictionary<string, JsonElement>> RunAsync(params string[] target)
    {
        var output = await Command.RunAsync(PythonStubs.Python, ["-B", PythonStubs.Client, stubs.Folder, .. target]);
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => JsonDocument.Parse(line).RootElement)
            .ToDictionary(c => Text(c, "case"));
    }
}
