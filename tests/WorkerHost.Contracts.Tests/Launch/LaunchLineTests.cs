using System.Text.Json.Nodes;
using CsCheck;

namespace WorkerHost.Contracts.Tests;

public sealed class LaunchLineTests
{
    private static readonly LaunchLine Example = new()
    {
        MinProtocol = 1,
        MaxProtocol = 2,
        Pool = "images",
        Slot = 2,
        Incarnation = 7,
        Address = "unix:///run/wh/2-7.sock",
        Ledger = "/run/wh/2-7.ledger",
        HostInstance = "abc",
        Concurrency = 4,
        DrainMilliseconds = 30_000,
        MaxMessageBytes = 1 << 26,
    };

    [Fact]
    public void A_worker_reads_what_the_supervisor_wrote()
    {
        Assert.Equal(Example, LaunchLine.Parse(Example.ToJson()));
        var beating = Example with { HeartbeatMilliseconds = 100 };
        Assert.Equal(beating, LaunchLine.Parse(beating.ToJson()));
        var overTcp = Example with { Address = "http://127.0.0.1:5000", Secret = "s3cret", Ledger = null };
        Assert.Equal(overTcp, LaunchLine.Parse(overTcp.ToJson()));
        Assert.Equal("images/2#7", Example.Worker.ToString());
    }

    [Fact]
    public void Its_form_is_the_one_other_languages_read() => Assert.Equal(
        """{"minProtocol":1,"maxProtocol":2,"pool":"images","slot":2,"incarnation":7,"address":"unix:///run/wh/2-7.sock","ledger":"/run/wh/2-7.ledger","hostInstance":"abc","concurrency":4,"drainMilliseconds":30000,"maxMessageBytes":67108864}""",
        Example.ToJson());

    [Fact]
    public void It_is_one_line_whatever_the_names_are() => Gen.String.Sample(name =>
    {
        var line = Example with { Pool = name, Address = name };
        Assert.DoesNotContain('\n', line.ToJson());
        Assert.DoesNotContain('\r', line.ToJson());
    });

    [Fact]
    public void Fields_of_a_later_version_are_ignored()
    {
        var json = JsonNode.Parse(Example.ToJson())!.AsObject();
        json["later"] = new JsonObject { ["x"] = 1 };
        Assert.Equal(Example, LaunchLine.Parse(json.ToJsonString()));
    }

    [Theory]
    [InlineData("minProtocol")]
    [InlineData("maxProtocol")]
    [InlineData("pool")]
    [InlineData("slot")]
    [InlineData("incarnation")]
    [InlineData("address")]
    [InlineData("hostInstance")]
    [InlineData("concurrency")]
    [InlineData("drainMilliseconds")]
    [InlineData("maxMessageBytes")]
    public void A_missing_field_is_named(string field)
    {
        var json = JsonNode.Parse(Example.ToJson())!.AsObject();
        json.Remove(field);
        var error = Assert.Throws<FormatException>(() => LaunchLine.Parse(json.ToJsonString()));
        Assert.Contains(field, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("7")]
    [InlineData("hello")]
    [InlineData("{\"slot\":\"two\"}")]
    public void Anything_else_is_refused_as_no_launch_line(string line)
    {
        var error = Assert.Throws<FormatException>(() => LaunchLine.Parse(line));
        Assert.Contains("launch line", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void No_text_makes_it_throw_anything_but_a_format_error() => Gen.String.Sample(text =>
    {
        try
        {
            LaunchLine.Parse(text);
        }
        catch (FormatException)
        {
            // what is promised
        }
    });
}
