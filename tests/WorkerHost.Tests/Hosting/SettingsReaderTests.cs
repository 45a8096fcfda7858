using System.Collections.Immutable;
using System.Text;
using Microsoft.Extensions.Configuration;
using WorkerHost.Hosting;

namespace WorkerHost.Tests;

/// <summary>From configuration to options.</summary>
public sealed class SettingsReaderTests
{
    [Fact]
    public void What_is_set_replaces_what_was_there_and_nothing_else()
    {
        var (options, errors) = Read("""
            {
              "workers": 3, "QueueBytes": 1000000000000, "CancelGrace": "00:00:01.5",
              "Retry": { "MaxDelay": "0:01:00", "Budget": { "PerTask": 0.5 } },
              "Supervision": {
                "Transport": "loopbacktcp", "InheritEnvironment": [ "A", "B*" ],
                "Isolation": { "MemoryLimitBytes": 1000000000, "CoreDumps": "True" },
                "Recycling": { "MaxTasks": 100 }
              }
            }
            """);

        Assert.Empty(errors);
        var standard = new EmbeddedPoolOptions();
        Assert.Equal(
            standard with
            {
                Workers = 3,
                QueueBytes = 1_000_000_000_000,
                CancelGrace = TimeSpan.FromSeconds(1.5),
                Retry = standard.Retry with { MaxDelay = TimeSpan.FromMinutes(1), Budget = standard.Retry.Budget! with { PerTask = 0.5 } },
                Supervision = standard.Supervision with
                {
                    Transport = WorkerTransport.LoopbackTcp,
                    InheritEnvironment = options.Supervision.InheritEnvironment,
                    Isolation = standard.Supervision.Isolation with { MemoryLimitBytes = 1_000_000_000, CoreDumps = true },
                    Recycling = standard.Supervision.Recycling with { MaxTasks = 100 },
                },
            },
            options);
        Assert.Equal(["A", "B*"], options.Supervision.InheritEnvironment);
    }

    [Fact]
    public void Null_takes_away_what_may_be_taken_away()
    {
        var (options, errors) = Read("""{ "Workers": null, "Retry": { "Budget": null } }""", new EmbeddedPoolOptions { Workers = 7 });

        Assert.Empty(errors);
        Assert.Null(options.Workers);
        Assert.Null(options.Retry.Budget);
    }

    [Fact]
    public void Everything_that_is_wrong_is_told_at_once_with_its_path_what_stands_there_and_what_may()
    {
        var (options, errors) = Read("""
            {
              "Wokers": 3, "QueueCapacity": "many", "CancelGrace": 30, "Attempts": { "Most": 3 }, "Retry": "fast",
              "Supervision": { "Transport": "pigeon", "Directory": [ 1 ], "InheritEnvironment": "PATH", "Isolation": { "CoreDumps": "maybe", "CpuLimit": "NaN", "Nice": null } },
              "LoggerFactory": "console"
            }
            """);

        string[] expected =
        [
            "Pool:Attempts is 'a group'; allowed: a whole number of at most 32 bits",
            "Pool:CancelGrace is '30'; allowed: a time as 500ms, 30s, 5m, 1h, 1d or [days.]hours:minutes:seconds[.fraction], 00:00:30 for 30 seconds",
            "Pool:LoggerFactory is no setting; allowed here: ",
            "Pool:QueueCapacity is 'many'; allowed: a whole number of at most 32 bits",
            "Pool:Retry is 'fast'; allowed: a group of settings",
            "Pool:Supervision:Directory is 'a group'; allowed: a text",
            "Pool:Supervision:InheritEnvironment is 'PATH'; allowed: a list of texts",
            "Pool:Supervision:Isolation:CoreDumps is 'maybe'; allowed: true or false",
            "Pool:Supervision:Isolation:CpuLimit is 'NaN'; allowed: a number",
            "Pool:Supervision:Isolation:Nice is ''; allowed: a whole number of at most 32 bits",
            "Pool:Supervision:Transport is 'pigeon'; allowed: UnixSocket, LoopbackTcp",
            "Pool:Wokers is no setting; allowed here: ",
        ];
        Assert.Equal(expected, errors.Order(StringComparer.Ordinal).Select((e, i) => expected[i].EndsWith(": ", StringComparison.Ordinal) ? e[..expected[i].Length] : e));
        Assert.Contains("Workers", errors.Single(static e => e.StartsWith("Pool:Wokers", StringComparison.Ordinal)), StringComparison.Ordinal);
        Assert.Equal(new EmbeddedPoolOptions(), options);
    }

    [Fact]
    public void A_command_is_read_like_the_rest()
    {
        var errors = new List<string>();
        var command = new SettingsReader(errors).Read(
            Section("""{ "FileName": "worker", "Arguments": [ "--fast", "" ], "Environment": { "Logging:LogLevel:Default": "Debug", "A": "b" } }"""),
            new WorkerCommand { FileName = "", WorkingDirectory = "/here" });

        Assert.Empty(errors);
        Assert.Equal(("worker", "/here"), (command.FileName, command.WorkingDirectory));
        Assert.Equal(["--fast", ""], command.Arguments);
        Assert.Equal(new Dictionary<string, string> { ["Logging:LogLevel:Default"] = "Debug", ["A"] = "b" }.ToImmutableDictionary(), command.Environment);
    }

    [Theory]
    [InlineData("500ms", "00:00:00.5000000")]
    [InlineData("30s", "00:00:30")]
    [InlineData("1.5 s", "00:00:01.5000000")]
    [InlineData("5m", "00:05:00")]
    [InlineData("1H", "01:00:00")]
    [InlineData("1d", "1.00:00:00")]
    [InlineData("0s", "00:00:00")]
    [InlineData("1.02:03:04.5", "1.02:03:04.5000000")]
    public void A_time_is_written_with_its_unit_or_as_a_clock_shows_it(string text, string time)
    {
        var (options, errors) = Read($$"""{ "CancelGrace": "{{text}}" }""");

        Assert.Empty(errors);
        Assert.Equal(time, options.CancelGrace.ToString("c"));
        Assert.Equal(options.CancelGrace, SettingText.Parse(SettingText.Of(options.CancelGrace, bytes: false, static n => n), typeof(TimeSpan), bytes: false));
    }

    [Theory]
    [InlineData("30")]
    [InlineData("-1s")]
    [InlineData("s")]
    [InlineData("1m30s")]
    [InlineData("1e9d")]
    [InlineData("99999999999d")]
    [InlineData("5min")]
    public void Any_other_text_is_no_time(string text) =>
        Assert.StartsWith($"Pool:CancelGrace is '{text}'; allowed: a time as", Assert.Single(Read($$"""{ "CancelGrace": "{{text}}" }""").Errors), StringComparison.Ordinal);

    [Theory]
    [InlineData("1000000", 1_000_000)]
    [InlineData("64KiB", 65_536)]
    [InlineData("256 mib", 268_435_456)]
    [InlineData("1GiB", 1_073_741_824)]
    public void A_number_of_bytes_can_be_written_as_a_size(string text, long bytes)
    {
        var (options, errors) = Read($$"""{ "QueueBytes": "{{text}}" }""");

        Assert.Empty(errors);
        Assert.Equal(bytes, options.QueueBytes);
        Assert.Equal(bytes, SettingText.Parse(SettingText.Of(bytes, bytes: true, static n => n), typeof(long), bytes: true));
    }

    [Fact]
    public void Only_what_is_in_bytes_has_a_size_and_only_in_units_that_mean_one_thing()
    {
        var (_, errors) = Read("""{ "QueueBytes": "64MB", "MaxMessageBytes": "4GiB", "QueueCapacity": "1KiB" }""");

        Assert.Equal(3, errors.Count);
    }

    [Fact]
    public void A_list_with_a_gap_or_with_more_than_texts_is_an_error()
    {
        var (_, errors) = Read("""{ "Supervision": { "InheritEnvironment": { "0": "A", "2": "B" }, "Isolation": { "Launcher": [ "bwrap", { "a": "b" }, null ] } } }""");

        Assert.Equal(
            [
                "Pool:Supervision:InheritEnvironment:2 is 'B'; allowed: the elements of the list by their numbers, without a gap; here 1",
                "Pool:Supervision:Isolation:Launcher:1 is 'a group'; allowed: a text",
                "Pool:Supervision:Isolation:Launcher:2 is 'null'; allowed: a text",
            ],
            errors.Order(StringComparer.Ordinal));
    }

    private static (EmbeddedPoolOptions Options, List<string> Errors) Read(string json, EmbeddedPoolOptions? before = null)
    {
        var errors = new List<string>();
        return (new SettingsReader(errors).Read(Section(json), before ?? new EmbeddedPoolOptions()), errors);
    }

    private static IConfigurationSection Section(string json) => new ConfigurationBuilder()
        .AddJsonStream(new MemoryStream(Encoding.UTF8.GetBytes($$"""{ "Pool": {{json}} }""")))
        .Build()
        .GetSection("Pool");
}
