using WorkerHost.Sidecar.Configuration;

namespace WorkerHost.Sidecar.Tests.Configuration;

/// <summary>What a reload does to the pools of a running host.</summary>
public sealed class ReloadPlanTests
{
    private const string Before = """
        {
          "pools": {
            "images": { "command": { "fileName": "w", "arguments": [ "a", "b" ], "environment": { "A": "1" } }, "workers": 2, "supervision": { "inheritEnvironment": [ "X" ] } },
            "audio": { "command": { "fileName": "w" }, "retry": { "budget": { "burst": 5 } } }
          }
        }
        """;

    [Fact]
    public void The_same_configuration_touches_nothing_however_it_is_written()
    {
        var plan = Plan("""
            {
              "Pools": {
                "audio": { "Retry": { "Budget": { "Burst": 5.0 } }, "command": { "fileName": "w", "arguments": [] } },
                "images": { "workers": "2", "command": { "environment": { "A": "1" }, "fileName": "w", "arguments": [ "a", "b" ] }, "cancelGrace": "2s", "supervision": { "inheritEnvironment": [ "X" ] } },
              },
              "log": { "level": "Information" }
            }
            """);

        Assert.True(plan.IsEmpty);
        Assert.Equal(["audio", "images"], plan.Unchanged);
        Assert.Empty(plan.NeedRestart);
    }

    [Fact]
    public void Pools_come_and_go()
    {
        var plan = Plan("""{ "pools": { "images": { "command": { "fileName": "w", "arguments": [ "a", "b" ], "environment": { "A": "1" } }, "workers": 2, "supervision": { "inheritEnvironment": [ "X" ] } }, "video": { "command": { "fileName": "v" } } } }""");

        Assert.Equal("video", Assert.Single(plan.Added).Name);
        Assert.Equal(["audio"], plan.Removed);
        Assert.Equal(["images"], plan.Unchanged);
        Assert.Empty(plan.Replaced);
        Assert.Empty(plan.Scaled);
    }

    [Theory]
    [InlineData("pools:images:command:fileName=v", "pools:images:command:fileName")]
    [InlineData("pools:images:command:arguments:1=c", "pools:images:command:arguments")]
    [InlineData("pools:images:command:environment:A=2", "pools:images:command:environment:A")]
    [InlineData("pools:images:command:environment:B=1", "pools:images:command:environment:B")]
    [InlineData("pools:images:supervision:inheritEnvironment=[]", "pools:images:supervision:inheritEnvironment")]
    [InlineData("pools:images:supervision:isolation:nice=5", "pools:images:supervision:isolation:nice")]
    [InlineData("pools:images:attempts=7", "pools:images:attempts")]
    public void A_pool_whose_settings_have_changed_is_replaced_alone(string set, string changed)
    {
        var plan = Plan(Before, set);

        var replaced = Assert.Single(plan.Replaced);
        Assert.Equal("images", replaced.Pool.Name);
        Assert.Equal([changed], replaced.Changed);
        Assert.Empty(plan.Added);
        Assert.Empty(plan.Removed);
        Assert.Empty(plan.Scaled);
    }

    [Fact]
    public void A_group_that_is_taken_away_is_a_change()
    {
        var plan = Plan(Before.Replace("""{ "burst": 5 }""", "null", StringComparison.Ordinal));

        Assert.Equal("audio", Assert.Single(plan.Replaced).Pool.Name);
    }

    [Fact]
    public void Another_number_of_workers_alone_only_scales()
    {
        Assert.Equal(5, Assert.Single(Plan(Before, "pools:images:workers=5").Scaled).Options.Workers);
        Assert.Empty(Plan(Before, "pools:images:workers=5").Replaced);
        Assert.Equal("images", Assert.Single(Plan(Before, "pools:images:workers=5", "pools:images:attempts=7").Replaced).Pool.Name);
    }

    [Fact]
    public void What_takes_a_restart_is_told()
    {
        using var token = new Written();
        var file = token.File("token", "0123456789abcdef");
        var plan = Plan(Before, "data:tcp=127.0.0.1:7070", $"data:tokenFile={file}", "log:level=debug", "drainTimeout=5s", "telemetry:otlpEndpoint=http://127.0.0.1:4317");

        Assert.Equal(["data:tcp", "data:tokenFile", "log:level", "telemetry:otlpEndpoint"], plan.NeedRestart);
        Assert.Equal(["drainTimeout"], plan.Applied);
        Assert.Empty(plan.Replaced);
    }

    [Fact]
    public void A_pool_that_takes_larger_messages_than_any_did_at_the_start_is_told()
    {
        Assert.Equal(["pools:images:maxMessageBytes"], Plan(Before, "pools:images:maxMessageBytes=65MiB").NeedRestart);
        Assert.Empty(Plan(Before, "pools:images:maxMessageBytes=63MiB").NeedRestart);
    }

    [Fact]
    public void Whatever_has_changed_is_told_in_some_list()
    {
        foreach (var setting in EffectiveSetting.Of(new HostSettings { Data = new DataSettings { Tls = new TlsSettings() }, Admin = new AdminSettings { Tls = new TlsSettings() } }))
        {
            var plan = ReloadPlan.Between(With(setting.Path, null), With(setting.Path, setting), int.MaxValue);
            Assert.Equal([setting.Path], plan.Applied.Concat(plan.NeedRestart));
        }
    }

    /// <summary>Where a setting has another value than the one it has by default.</summary>
    private static HostSettings With(string path, EffectiveSetting? other)
    {
        var settings = new HostSettings { Data = new DataSettings { Tls = new TlsSettings() }, Admin = new AdminSettings { Tls = new TlsSettings() } };
        if (other is null)
        {
            return settings;
        }

        object group = settings;
        foreach (var key in path.Split(':')[..^1])
        {
            group = group.GetType().GetProperties().Single(p => SettingsCatalog.Spelled(p.Name) == key).GetValue(group)!;
        }

        var property = group.GetType().GetProperty(other.Property.Name)!;
        property.SetValue(group, (Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType, property.GetValue(group)) switch
        {
            (var type, var value) when type == typeof(string) => $"{value}x",
            (var type, TimeSpan value) when type == typeof(TimeSpan) => value + TimeSpan.FromSeconds(1),
            (var type, null) when type == typeof(TimeSpan) => TimeSpan.FromSeconds(1),
            (_, int value) => value + 1,
            (_, long value) => value + 1,
            (_, bool value) => !value,
            (_, Enum value) => Enum.GetValues(value.GetType()).Cast<object>().First(v => !v.Equals(value)),
            var (type, value) => throw new InvalidOperationException($"{path}: {type} {value}"),
        });
        return settings;
    }

    private static ReloadPlan Plan(string after, params string[] set)
    {
        using var before = new Written(Before);
        using var changed = new Written(after);
        var wanted = changed.Read(set);
        Assert.Empty(wanted.Errors);
        return ReloadPlan.Between(before.Read().Settings, wanted.Settings, 64 * 1024 * 1024);
    }
}
