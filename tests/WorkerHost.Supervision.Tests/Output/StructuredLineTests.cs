using System.Text;
using Microsoft.Extensions.Logging;

namespace WorkerHost.Supervision.Tests.Output;

[Trait("Scenario", "28")]
public sealed class StructuredLineTests
{
    [Theory]
    [InlineData("""{"EventId":3,"LogLevel":"Error","Category":"A.B","Message":"m 1","State":{"Message":"m 1","N":1,"{OriginalFormat}":"m {N}"}}""", LogLevel.Error, "A.B", "N=1")]
    [InlineData("""{"level":"warn","msg":"m 1","time":"now"}""", LogLevel.Warning, null, "time=now")]
    [InlineData("""{"level":30,"name":"x","pid":7,"msg":"m 1"}""", LogLevel.Information, "x", "pid=7")]
    [InlineData("""{"severity":"CRITICAL","message":"m 1","ok":true,"no":null}""", LogLevel.Critical, null, "ok=True no=")]
    [InlineData("""  {"message":"m 1","deep":{"a":[1,2]}} """, LogLevel.Information, null, """deep={"a":[1,2]}""")]
    [InlineData("""{"message":"m 1","level":"whatever"}""", LogLevel.Information, null, "level=whatever")]
    public void Usual_shapes_are_read(string line, LogLevel level, string? category, string fields)
    {
        var read = StructuredLine.TryParse(Encoding.UTF8.GetBytes(line));
        Assert.NotNull(read);
        Assert.Equal((level, "m 1", category), (read.Level, read.Message, read.Category));
        Assert.Equal(fields, string.Join(' ', read.Fields.Select(f => $"{f.Key}={f.Value}")));
    }

    [Theory]
    [InlineData("")]
    [InlineData("text")]
    [InlineData("{}")]
    [InlineData("{\"level\":\"info\"}")]
    [InlineData("{\"message\":7}")]
    [InlineData("{\"message\":\"cut of}")]
    [InlineData("{\"message\":\"m\"} and more}")]
    [InlineData("{\"message\":\"\\ud800\"}")]
    [InlineData("[{\"message\":\"m\"}]")]
    public void Anything_else_is_a_plain_line(string line) => Assert.Null(StructuredLine.TryParse(Encoding.UTF8.GetBytes(line)));

    [Fact]
    public void Depth_and_the_number_of_fields_are_bounded()
    {
        Assert.Null(StructuredLine.TryParse(Encoding.UTF8.GetBytes($$"""{"message":"m","deep":{{new string('[', 500)}}{{new string(']', 500)}}}""")));
        var many = string.Join(',', Enumerable.Range(0, 1000).Select(i => $"\"f{i}\":{i}"));
        Assert.Equal(64, StructuredLine.TryParse(Encoding.UTF8.GetBytes($$"""{"message":"m",{{many}}}"""))!.Fields.Length);
    }

    [Fact]
    public void Nothing_in_it_can_forge_a_line_or_steer_a_terminal_or_say_who_wrote_it()
    {
        var read = StructuredLine.TryParse(Encoding.UTF8.GetBytes("""{"message":"one\ntwo \u001b[31m","k\n":"v\r\nw","Worker":"host","Stream":"x"}"""))!;
        Assert.Equal("one | two \uFFFD[31m", read.Message);
        Assert.Equal(new KeyValuePair<string, object?>("k | ", "v | w"), Assert.Single(read.Fields));
    }

    [Theory]
    [InlineData("{OriginalFormat}")]
    [InlineData("SourceContext")]
    [InlineData("sourcecontext")]
    [InlineData("Category")]
    [InlineData("EventId")]
    [InlineData("worker")]
    public void What_the_host_says_itself_is_no_field_wherever_it_stands(string name)
    {
        var line = $$"""{"Category":"c","message":"m","{{name}}":"forged","State":{"{{name}}":"forged"} }""";
        Assert.Empty(StructuredLine.TryParse(Encoding.UTF8.GetBytes(line))!.Fields);
    }

    [Fact]
    public void A_number_beyond_all_numbers_stays_text()
    {
        var read = StructuredLine.TryParse("""{"message":"m","n":1e999,"m":-1e999,"k":1.5}"""u8.ToArray())!;
        Assert.Equal(["1e999", "-1e999", 1.5], read.Fields.Select(f => f.Value));
    }

    [Fact]
    public void Random_bytes_between_braces_never_throw()
    {
        var random = new Random(28);
        var bytes = new byte[64];
        for (var i = 0; i < 20_000; i++)
        {
            random.NextBytes(bytes);
            """{"message":"m","""u8.CopyTo(bytes);
            bytes[^1] = (byte)'}';
            _ = StructuredLine.TryParse(bytes);
        }
    }

    [Fact]
    public void A_worker_that_invents_categories_gets_only_so_many_loggers()
    {
        using var log = new RecordingLoggers();
        var loggers = new WorkerLoggers(log);
        for (var i = 0; i < WorkerLoggers.MostCategories; i++)
        {
            Assert.NotSame(loggers.Plain, loggers.For($"c{i}"));
        }

        Assert.Same(loggers.Plain, loggers.For("one more"));
        Assert.NotSame(loggers.Plain, loggers.For("c0"));
        Assert.Same(loggers.Plain, loggers.For(new string('c', 1000)));
    }
}
