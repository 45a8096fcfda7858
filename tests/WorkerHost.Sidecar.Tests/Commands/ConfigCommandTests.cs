using System.Text.Json;
using WorkerHost.Sidecar.Commands;
using WorkerHost.Sidecar.Tests.Configuration;

namespace WorkerHost.Sidecar.Tests.Commands;

/// <summary>The commands that look at a configuration.</summary>
public sealed class ConfigCommandTests : IDisposable
{
    private readonly Written written = new("""
        {
          "pools": {
            "images": {
              "command": { "fileName": "image-worker", "arguments": [ "--fast" ], "environment": { "PASSWORD": "hunter2" } },
              "queueBytes": "64MiB", "cancelGrace": "00:00:01.5"
            }
          },
          "telemetry": { "otlpEndpoint": "http://me:hunter2@127.0.0.1:4317" }
        }
        """);

    private string FilePath => Path.Combine(written.Place, "workerhost.json");

    [Fact]
    public async Task Check_says_that_nothing_is_wrong()
    {
        var (code, output, error) = await Run("check", "--config", FilePath);

        Assert.Equal((ExitCode.Done, $"{FilePath}: nothing wrong; pool images\n", ""), (code, output, error));
    }

    [Fact]
    public async Task Check_says_everything_that_is_wrong()
    {
        var (code, output, error) = await Run("check", "--config", FilePath, "--set", "pools:images:workers=0", "-s", "log.format=xml");

        Assert.Equal(ExitCode.Configuration, code);
        Assert.Equal("", output);
        Assert.Equal(
            """
            error: log:format is 'xml'; allowed: console, json (--set)
            error: pools:images:workers is 0; allowed: 1 to 10000 (--set)
            2 errors in the configuration

            """,
            error);

        (code, output, error) = await Run("check", "--config", FilePath, "--set", "pools:images:workers=0", "--output", "json");
        Assert.Equal((ExitCode.Configuration, ""), (code, error));
        using var json = JsonDocument.Parse(output);
        Assert.False(json.RootElement.GetProperty("valid").GetBoolean());
        var first = json.RootElement.GetProperty("errors")[0];
        Assert.Equal(("pools:images:workers", "commandLine"), (first.GetProperty("path").GetString(), first.GetProperty("source").GetProperty("origin").GetString()));
    }

    [Fact]
    public async Task Serve_says_the_same_of_what_is_wrong()
    {
        string[] wrong = ["--config", FilePath, "--set", "pools:images:workers=0", "-s", "log.format=xml"];
        var (_, _, expected) = await Run(["check", .. wrong]);
        var served = await Ran.Async(["serve", .. wrong]);

        Assert.Equal((ExitCode.Configuration, expected), (served.Code, served.Error));
    }

    [Fact]
    public async Task Show_says_what_counts_and_where_it_comes_from_and_keeps_secrets()
    {
        var (code, output, error) = await Run("show", "--config", FilePath, "--set", "data:maxMetadataBytes=64KiB");

        Assert.Equal((ExitCode.Done, ""), (code, error));
        string[] expected =
        [
            "SETTING                                    VALUE                           FROM",
            "data:maxMetadataBytes                      64KiB                           --set",
            $"pools:images:cancelGrace                   1.5s                            {FilePath}:5",
            $"pools:images:command:arguments             [\"--fast\"]                      {FilePath}:4",
            $"pools:images:command:environment:PASSWORD  (hidden)                        {FilePath}:4",
            $"pools:images:command:fileName              image-worker                    {FilePath}:4",
            $"pools:images:queueBytes                    64MiB                           {FilePath}:5",
            $"telemetry:otlpEndpoint                     http://(hidden)@127.0.0.1:4317  {FilePath}:8",
        ];
        Assert.Equal(expected, output.TrimEnd('\n').Split('\n'));
        Assert.DoesNotContain("hunter2", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Show_all_has_the_defaults_too_and_json_has_values_of_their_own_kind()
    {
        var (_, output, _) = await Run("show", "--all", "--config", FilePath, "--output", "json");

        Assert.DoesNotContain("hunter2", output, StringComparison.Ordinal);
        using var json = JsonDocument.Parse(output);
        var settings = json.RootElement.GetProperty("settings").EnumerateArray().ToDictionary(static s => s.GetProperty("path").GetString()!);
        Assert.Equal(100_000, settings["pools:images:queueCapacity"].GetProperty("value").GetInt32());
        Assert.Equal("default", settings["pools:images:queueCapacity"].GetProperty("source").GetProperty("origin").GetString());
        Assert.Equal("--fast", settings["pools:images:command:arguments"].GetProperty("value")[0].GetString());
        Assert.Equal(4, settings["pools:images:command:arguments"].GetProperty("source").GetProperty("line").GetInt32());
        Assert.False(settings["data:reflection"].GetProperty("value").GetBoolean());
        Assert.Equal("unixSocket", settings["pools:images:supervision:transport"].GetProperty("value").GetString());
        Assert.DoesNotContain("pools:images:name", settings.Keys);
    }

    [Fact]
    public async Task Show_of_a_wrong_configuration_says_what_is_wrong()
    {
        var (code, output, error) = await Run("show", "--config", FilePath, "--set", "log.format=xml");

        Assert.Equal((ExitCode.Configuration, ""), (code, output));
        Assert.Contains("log:format is 'xml'", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_option_that_is_none_is_wrong_usage() => Assert.Equal(ExitCode.Usage, (await Run("check", "--confg", FilePath)).Code);

    [Fact]
    public async Task Schema_is_JSON()
    {
        var (code, output, _) = await Run("schema");

        Assert.Equal(ExitCode.Done, code);
        using var json = JsonDocument.Parse(output);
        Assert.True(json.RootElement.GetProperty("properties").TryGetProperty("pools", out _));
    }

    public void Dispose() => written.Dispose();

    private static async Task<(int Code, string Output, string Error)> Run(params string[] arguments)
    {
        var ran = await Ran.Async(["config", .. arguments]);
        return (ran.Code, ran.Output, ran.Error);
    }
}
