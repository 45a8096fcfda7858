using Microsoft.Extensions.Logging;
using WorkerHost.Sidecar.Configuration;

namespace WorkerHost.Sidecar.Tests.Configuration;

/// <summary>From a file, the environment and the command line to settings.</summary>
public sealed class HostConfigurationTests
{
    [Fact]
    public void A_file_becomes_settings()
    {
        using var written = new Written("""
            {
              "$schema": "workerhost.schema.json",
              // What people write in such files.
              "pools": {
                "images": {
                  "command": { "fileName": "image-worker", "arguments": [ "--fast", 7, true ], "environment": { "A": "b", "Logging:Level": "c" } },
                  "workers": 4,
                  "cancelGrace": "1s",
                  "supervision": { "isolation": { "memoryLimitBytes": "1GiB" }, "restart": { "maxBackoff": "1m" } },
                },
                "Audio.2": { "command": { "fileName": "audio-worker" }, "retry": { "budget": null } },
              },
              "data": { "reflection": true },
              "log": { "format": "json", "level": "Debug" },
              "drainTimeout": "00:01:00", /* and a comma at the end */
            }
            """);

        var read = written.Read();

        Assert.Empty(read.Errors);
        Assert.Equal("workerhost.json", read.File);
        Assert.Equal(["Audio.2", "images"], read.Settings.Pools.Select(static p => p.Name));
        var images = read.Settings.Pools[1];
        Assert.Equal(("image-worker", "images", 4), (images.Command.FileName, images.Options.Name, images.Options.Workers));
        Assert.Equal(["--fast", "7", "true"], images.Command.Arguments);
        Assert.Equal(("b", "c"), (images.Command.Environment["A"], images.Command.Environment["Logging:Level"]));
        Assert.Equal(1L << 30, images.Options.Supervision.Isolation.MemoryLimitBytes);
        Assert.Equal(TimeSpan.FromMinutes(1), images.Options.Supervision.Restart.MaxBackoff);
        Assert.Null(read.Settings.Pools[0].Options.Retry.Budget);
        Assert.True(read.Settings.Data.Reflection);
        Assert.Equal(new LogSettings { Format = LogFormat.Json, Level = LogLevel.Debug }, read.Settings.Log);
        Assert.Equal(TimeSpan.FromMinutes(1), read.Settings.DrainTimeout);
    }

    [Fact]
    public void The_command_line_wins_over_the_environment_over_the_file_and_each_value_knows_where_it_comes_from()
    {
        using var written = new Written("""
            { "pools": { "images": {
                "command": { "fileName": "image-worker", "arguments": [ "--fast", "--blue", "--tall" ] },
                "workers": 1, "concurrency": 1, "attempts": 5
            } } }
            """);

        var read = written.Read(
            ["pools:images:workers=8", "log.level=debug", """pools.images.command.arguments=["--slow"]"""],
            new()
            {
                ["WORKERHOST__POOLS__IMAGES__WORKERS"] = "2", ["WORKERHOST__POOLS__IMAGES__CONCURRENCY"] = "3",
                ["WORKERHOST__POOLS__IMAGES__COMMAND__ENVIRONMENT__Logging__LogLevel"] = "Debug", ["WORKERHOST_WORKER"] = "no setting",
            });

        Assert.Empty(read.Errors);
        var pool = Assert.Single(read.Settings.Pools);
        Assert.Equal((8, 3, 5), (pool.Options.Workers, pool.Options.Concurrency, pool.Options.Attempts));
        Assert.Equal(["--slow"], pool.Command.Arguments);
        Assert.Equal("Debug", pool.Command.Environment["Logging__LogLevel"]);
        Assert.Equal("--set", read.SourceOf("pools:images:workers").ToString());
        Assert.Equal("WORKERHOST__POOLS__IMAGES__CONCURRENCY", read.SourceOf("pools:images:concurrency").ToString());
        Assert.Equal("workerhost.json:3", read.SourceOf("pools:images:attempts").ToString());
        Assert.Equal("workerhost.json:2", read.SourceOf("Pools:Images:Command:FileName").ToString());
        Assert.Equal("default", read.SourceOf("pools:images:queueBytes").ToString());
    }

    [Fact]
    public void An_element_of_a_list_can_be_set_alone_and_a_whole_list_by_the_environment()
    {
        using var written = new Written("""{ "pools": { "images": { "command": { "fileName": "w", "arguments": [ "a", "b" ] }, "supervision": { "inheritEnvironment": [ "A", "B" ] } } } }""");

        var read = written.Read(environment: new()
        {
            ["WORKERHOST__POOLS__IMAGES__COMMAND__ARGUMENTS__1"] = "[1]",
            ["WORKERHOST__POOLS__IMAGES__SUPERVISION__INHERITENVIRONMENT"] = "[]",
        });

        Assert.Empty(read.Errors);
        Assert.Equal(["a", "[1]"], read.Settings.Pools[0].Command.Arguments);
        Assert.Empty(read.Settings.Pools[0].Options.Supervision.InheritEnvironment);
    }

    [Fact]
    public void A_pool_has_the_name_that_the_file_gives_it_whatever_the_environment_calls_it()
    {
        using var written = new Written(Written.OnePool);

        var read = written.Read(["Pools.Images.Attempts=5"], new() { ["WORKERHOST__POOLS__IMAGES__ADMITBYDEADLINE"] = "false" });

        Assert.Empty(read.Errors);
        var pool = Assert.Single(read.Settings.Pools);
        Assert.Equal(("images", "images", 5, false), (pool.Name, pool.Options.Name, pool.Options.Attempts, pool.Options.AdmitByDeadline));
    }

    [Fact]
    public void Without_a_file_the_environment_and_the_command_line_are_enough()
    {
        using var written = new Written();

        var read = written.Read(["pools.audio.command.fileName=audio-worker"], new() { ["WORKERHOST__POOLS__images__COMMAND__FILENAME"] = "image-worker" });

        Assert.Empty(read.Errors);
        Assert.Null(read.File);
        Assert.Equal(["audio", "images"], read.Settings.Pools.Select(static p => p.Name));
    }

    [Fact]
    public void The_file_is_the_one_that_is_named_and_else_the_first_in_the_usual_places()
    {
        using var written = new Written();
        var home = written.File("home/.config/workerhost/workerhost.json", Written.OnePool);
        var environment = new Dictionary<string, string> { ["HOME"] = Path.Combine(written.Place, "home") };
        Assert.Equal(home, written.Read(environment: environment).File);

        written.File("workerhost.json", Written.OnePool);
        Assert.Equal("workerhost.json", written.Read(environment: environment).File);

        written.File("other.json", Written.OnePool);
        environment["WORKERHOST_CONFIG"] = "other.json";
        Assert.Equal("other.json", written.Read(environment: environment).File);
        Assert.True(written.Read(environment: environment).IsValid);

        Assert.Equal("third.json", written.Read(environment: environment, file: "third.json").File);
        Assert.StartsWith("the configuration file cannot be read: Could not find file", Assert.Single(written.Errors(file: "third.json")), StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_no_JSON_is_told_with_its_line_and_nothing_else_is()
    {
        using var written = new Written("{ \"pools\": {\n  \"images\": { \"workers\": 4,, }\n} }");
        var error = Assert.Single(written.Errors());
        Assert.StartsWith("the configuration file is no JSON: ", error, StringComparison.Ordinal);
        Assert.EndsWith(" (workerhost.json:2)", error, StringComparison.Ordinal);

        written.File("list.json", "[ 1 ]");
        Assert.Contains("is no JSON object", Assert.Single(written.Errors(file: "list.json")), StringComparison.Ordinal);
        written.File("empty.json", "");
        Assert.Contains("is no JSON", Assert.Single(written.Errors(file: "empty.json")), StringComparison.Ordinal);
        written.File("more.json", Written.OnePool + " true");
        Assert.Contains("is no JSON", Assert.Single(written.Errors(file: "more.json")), StringComparison.Ordinal);
        written.File("mark.json", "\uFEFF" + Written.OnePool);
        Assert.Empty(written.Errors(file: "mark.json"));
    }
}
