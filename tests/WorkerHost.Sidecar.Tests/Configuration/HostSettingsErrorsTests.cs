namespace WorkerHost.Sidecar.Tests.Configuration;

/// <summary>A bad configuration says everything that is wrong with it, at once.</summary>
public sealed class HostSettingsErrorsTests
{
    [Fact]
    public void Everything_is_told_at_once_with_its_path_value_what_is_allowed_and_where_it_stands()
    {
        using var written = new Written("""
            {
              "pools": {
                "images": {
                  "command": { "fileName": "image-worker", "arguments": [ "a", null ], "shell": true },
                  "workers": "many",
                  "Workers": 4,
                  "name": "audio",
                  "concurrency": 0,
                  "cancelGrace": 30,
                  "retry": { "minDelay": "2m", "maxDelay": "1m" },
                  "supervision": { "restart": { "minBackoff": "0s" }, "transport": "pigeon", "poolName": "x", "recycling": [ ] }
                },
                "no name!": { },
                "bare": { },
                "text": "x",
                "program": { "command": "worker" }
              },
              "data": { "tls": { }, "maxConnections": 0, "keepAliveInterval": "1ms", "tcp": { "port": 1 } },
              "log": { "format": "xml" },
              "telemetry": { "otlpEndpoint": "collector:4317" },
              "logging": { "level": "debug" }
            }
            """);

        string[] expected =
        [
            "data:keepAliveInterval is 1 ms; allowed: 1 s to 1 day (workerhost.json:18)",
            "data:maxConnections is 0; allowed: 1 to 100000 (workerhost.json:18)",
            "data:tcp is a group; allowed: one value (workerhost.json:18)",
            "data:tls:certificate is not set; allowed: a PEM file",
            "log:format is 'xml'; allowed: console, json (workerhost.json:19)",
            "logging is no setting; allowed here: $schema, admin, data, drainTimeout, log, pools, telemetry (workerhost.json:21)",
            "pools:bare:command:fileName is not set; allowed: the program of the pool's workers, a path or a name that is in PATH",
            "pools:images:cancelGrace is '30'; allowed: a time as 500ms, 30s, 5m, 1h, 1d or [days.]hours:minutes:seconds[.fraction], 00:00:30 for 30 seconds (workerhost.json:9)",
            "pools:images:command:arguments:1 is null; allowed: a text (workerhost.json:4)",
            "pools:images:command:shell is no setting; allowed here: arguments, environment, fileName, workingDirectory (workerhost.json:4)",
            "pools:images:concurrency is 0; allowed: 1 to 1024 (workerhost.json:8)",
            "pools:images:name is no setting; allowed here: ",
            "pools:images:retry:maxDelay is 00:01:00; allowed is from pools:images:retry:minDelay to 24 hours (workerhost.json:10)",
            "pools:images:supervision:poolName is no setting; allowed here: ",
            "pools:images:supervision:recycling is a list; allowed: { … } (workerhost.json:11)",
            "pools:images:supervision:restart:minBackoff is 0 ms; allowed: 1 ms to 24 days (workerhost.json:11)",
            "pools:images:supervision:transport is 'pigeon'; allowed: unixSocket, loopbackTcp (workerhost.json:11)",
            "pools:images:workers is set twice in line 5 and here (names are the same in any case); allowed: once (workerhost.json:6)",
            "pools:images:workers is 'many'; allowed: a whole number of at most 32 bits (workerhost.json:5)",
            "pools:no name! is no name of a pool; allowed: 1 to 64 ASCII letters, digits, '-', '_' and '.' (workerhost.json:13)",
            "pools:program:command is 'worker'; allowed: a group of settings (workerhost.json:16)",
            "pools:text is 'x'; allowed: a group of settings (workerhost.json:15)",
            "telemetry:otlpEndpoint is 'collector:4317'; allowed: an address that begins with http:// or https://, as http://127.0.0.1:4317 (workerhost.json:20)",
        ];
        Assert.Equal(expected, written.Errors().Select((e, i) => i < expected.Length && expected[i].EndsWith(": ", StringComparison.Ordinal) ? e[..expected[i].Length] : e));
    }

    [Fact]
    public void A_name_that_stands_there_twice_hides_nothing_else_that_is_wrong()
    {
        using var written = new Written("""
            {
              "data": { "tcp": "nowhere", "maxConnections": 0 },
              "pools": {
                "a": { "workers": "many", "command": { "fileName": "w" }, "wrokers": 1 },
                "A": { "supervision": { "bootTimeout": "-1s" }, "workers": 0 }
              },
              "Data": { "maxMetadataBytes": 1, "TCP": "127.0.0.1:7070" },
              "data": 7,
              "log": { "level": "debug" }
            }
            """);

        Assert.Equal(
            [
                "data is set twice in line 2 and here (names are the same in any case); allowed: once (workerhost.json:7)",
                "data is set twice in line 2 and here (names are the same in any case); allowed: once (workerhost.json:8)",
                "data:maxConnections is 0; allowed: 1 to 100000 (workerhost.json:2)",
                "data:maxMetadataBytes is 1; allowed: 1024 to 1048576 (workerhost.json:7)",
                "data:tcp is set twice in line 2 and here (names are the same in any case); allowed: once (workerhost.json:7)",
                "data:tcp is 'nowhere'; allowed: an address and a port",
                "pools:A is set twice in line 4 and here (names are the same in any case); allowed: once (workerhost.json:5)",
                "pools:a:supervision:bootTimeout is '-1s'; allowed: a time",
                "pools:A:workers is set twice in line 4 and here (names are the same in any case); allowed: once (workerhost.json:5)",
                "pools:a:workers is 'many'; allowed: a whole number of at most 32 bits (workerhost.json:4)",
                "pools:a:wrokers is no setting; allowed here",
            ],
            written.Errors().Select(static e => e.Split([" as 500ms", ": adm", ", as 127."], StringSplitOptions.None)[0]));
    }

    [Fact]
    public void A_variable_that_names_no_setting_hides_nothing_else_that_is_wrong()
    {
        using var written = new Written("""{ "pools": { "images": { "command": { "fileName": "w" }, "workers": 0 } } }""");

        Assert.Equal(["", "pools:images:workers"], written.Read(["pools"]).Errors.Select(static e => e.Path));
    }

    [Fact]
    public void A_place_where_something_else_is_than_a_socket_is_refused_by_name()
    {
        using var written = new Written(Written.OnePool);
        var file = written.File("some.txt", "");

        Assert.Equal(
            $"admin:socket is '{file}', where something else is than a socket; allowed: a path where nothing is, or a socket that a host has left (--set)",
            Assert.Single(written.Errors([$"admin:socket={file}"])));
    }

    [Fact]
    public void A_host_without_a_pool_is_refused()
    {
        using var written = new Written("{ }");
        Assert.StartsWith("pools is empty; allowed: at least one pool, as", Assert.Single(written.Errors()), StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_wrong_in_the_environment_and_on_the_command_line_names_the_variable_and_the_option()
    {
        using var written = new Written(Written.OnePool);

        Assert.Equal(
            ["pools:images:workers is 'x'; allowed: a whole number of at most 32 bits (--set)", "pools:images:WRKRS is no setting; allowed here: "],
            written.Errors(["pools.images.workers=x"], new() { ["WORKERHOST__POOLS__IMAGES__WRKRS"] = "1" }).Select(static e => e.Split("adm")[0]));
        Assert.Equal(
            [
                "the variable WORKERHOST__POOLS____X names no setting; allowed: WORKERHOST__POOLS__IMAGES__WORKERS, two underscores between the keys (WORKERHOST__POOLS____X)",
                "'pools' sets nothing; allowed: path=value, as pools:images:workers=8 (--set)",
            ],
            written.Errors(["pools"], new() { ["WORKERHOST__POOLS____X"] = "1" }));
        Assert.Equal(
            "pools:images:command:arguments is '--fast'; allowed: a list of texts as JSON, [\"--fast\"], or each element by its number, pools:images:command:arguments:0 (--set)",
            Assert.Single(written.Errors(["pools.images.command.arguments=--fast"])));
    }

    [Fact]
    public void No_error_tells_a_secret()
    {
        using var written = new Written("""
            {
              "pools": { "images": { "command": { "fileName": "w", "environment": { "PASSWORD": "hunter2\u0000" } } } },
              "telemetry": { "otlpEndpoint": "ftp://me:hunter2@collector" }
            }
            """);

        Assert.Equal(
            [
                "pools:images:command:environment:PASSWORD has a NUL character; allowed: text without a NUL character (workerhost.json:2)",
                "telemetry:otlpEndpoint is 'ftp://(hidden)@collector'; allowed: an address that begins with http:// or https://, as http://127.0.0.1:4317 (workerhost.json:3)",
            ],
            written.Errors());
    }

    [Fact]
    public void Whatever_a_file_holds_its_errors_are_told_and_nothing_is_thrown()
    {
        const string good = """
            { "pools": { "images": { "command": { "fileName": "w", "arguments": [ "\u00e4", "\ud83d\ude00" ], "environment": { "A": "b" } }, "workers": 4, "cancelGrace": "1s", "retry": { "budget": null } } },
              "data": { "socket": "/tmp/x.sock", "tcp": "127.0.0.1:7070", "tokenFile": "/tmp/none", "tls": { "certificate": "a" } }, "admin": { "socket": "/tmp/y.sock" }, "drainTimeout": "00:01:00" }
            """;
        var bytes = System.Text.Encoding.UTF8.GetBytes(good);
        var random = new Random(20261128);
        using var written = new Written();
        var path = written.File("workerhost.json", "");
        for (var i = 0; i < 200; i++)
        {
            var changed = bytes.ToList();
            for (var n = random.Next(3); n >= 0; n--)
            {
                var at = random.Next(changed.Count);
                switch (random.Next(4))
                {
                    case 0:
                        changed[at] = (byte)random.Next(256);
                        break;
                    case 1:
                        changed.RemoveRange(at, Math.Min(random.Next(1, 20), changed.Count - at));
                        break;
                    case 2:
                        changed.InsertRange(at, "\\u0000"u8.ToArray());
                        break;
                    default:
                        changed[at] = "{}[]\":,0\\"u8[random.Next(9)];
                        break;
                }
            }

            File.WriteAllBytes(path, [.. changed]);
            Assert.All(written.Read().Errors, static error => Assert.NotEmpty(error.ToString()));
        }

        foreach (var text in new[] { "\"\\ud800\"", "{ \"\\ud800\": 1 }", "{ \"data\": { \"tcp\": \"\\ud800\" } }", "{ \"data\": { \"socket\": \"a\\u0000\" }, \"admin\": { \"socket\": \"a\\u0000\" } }" })
        {
            written.File("workerhost.json", text);
            Assert.NotEmpty(written.Errors());
        }
    }

    [Theory]
    [InlineData("pools:images:tcp=127.0.0.1:0")]
    [InlineData("data=x")]
    [InlineData("pools=x")]
    [InlineData("pools:images:command:fileName:x=1")]
    public void Whatever_is_set_at_a_place_that_is_none_is_an_error(string set)
    {
        using var written = new Written(Written.OnePool);
        Assert.NotEmpty(written.Errors([set]));
    }
}
