using System.Text;
using WorkerHost.Sidecar.Commands;
using WorkerHost.Sidecar.Commands.Mapping;

namespace WorkerHost.Sidecar.Tests.Commands;

public sealed class MapLinesTests
{
    private static async Task<List<MapLine>> Read(string text, bool spread = false, int longest = 1000)
    {
        var lines = new List<MapLine>();
        await foreach (var line in new MapLines(spread, longest).ReadAsync(new MemoryStream(Encoding.UTF8.GetBytes(text)), CancellationToken.None))
        {
            lines.Add(line);
        }

        return lines;
    }

    private static string Text(MapLine line) => Encoding.UTF8.GetString(line.Arguments!);

    [Fact]
    public async Task Each_line_is_the_one_argument_whatever_it_is()
    {
        var lines = await Read("1\n\"two\"\r\n[3]\n{\"four\": 4}");

        Assert.Equal(["[1]", "[\"two\"\r]", "[[3]]", "[{\"four\": 4}]"], lines.Select(Text));
        Assert.Equal([0, 1, 2, 3], lines.Select(static l => l.Index));
        Assert.Equal([2, 9, 13, 24], lines.Select(static l => l.EndsAt));
    }

    [Fact]
    public async Task Blank_lines_count_as_lines_and_not_as_items()
    {
        var lines = await Read("\n1\n  \t\n2\n\n");

        Assert.Equal([(2, 0), (4, 1)], lines.Select(static l => (l.Line, l.Index)));
    }

    [Fact]
    public async Task Spread_lines_are_the_arguments()
    {
        var lines = await Read("[1,2]\n3\n", spread: true);

        Assert.Equal("[1,2]", Text(lines[0]));
        Assert.Contains("no JSON array", lines[1].Problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("cat.jpg")]
    [InlineData("[1,")]
    [InlineData("1 2")]
    [InlineData("{} x")]
    public async Task What_is_no_JSON_is_told_and_the_lines_behind_it_are_read(string bad)
    {
        var lines = await Read($"{bad}\n7\n");

        Assert.StartsWith("it is no JSON: ", lines[0].Problem, StringComparison.Ordinal);
        Assert.Null(lines[0].Arguments);
        Assert.Equal("[7]", Text(lines[1]));
    }

    [Fact]
    public async Task A_line_that_does_not_end_is_not_kept_for_ever()
    {
        var e = await Assert.ThrowsAsync<CommandException>(() => Read("1\n" + new string(' ', 300_000) + "2", longest: 100_000));

        Assert.Contains("line 2 ", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_line_is_read_before_the_next_one_is_there()
    {
        var pipe = new System.IO.Pipelines.Pipe();
        await pipe.Writer.WriteAsync("1\n2"u8.ToArray());
        var lines = new MapLines(false, 100).ReadAsync(pipe.Reader.AsStream(), CancellationToken.None).GetAsyncEnumerator();

        Assert.True(await lines.MoveNextAsync());
        Assert.Equal("[1]", Text(lines.Current));
        var next = lines.MoveNextAsync().AsTask();
        Assert.False(next.IsCompleted);
        await pipe.Writer.CompleteAsync();
        Assert.True(await next);
        Assert.Equal("[2]", Text(lines.Current));
    }
}
