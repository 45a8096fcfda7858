using System.Text;
using CsCheck;

namespace WorkerHost.Supervision.Tests.Output;

public sealed class LineSplitterTests
{
    private static readonly int Longest = new OutputOptions().MaxLineBytes;

    private static readonly string[] Parts = ["", "a", "\n", "\r\n", "line", new('x', 16 * 1024), new('y', 40_000)];

    [Fact]
    public void Lines_are_the_same_however_the_stream_is_cut() =>
        Gen.Select(Gen.Int[0, Parts.Length - 1].Select(i => Parts[i]).Array[0, 20], Gen.Int[1, 5000])
            .Sample((parts, cut) =>
            {
                var bytes = Encoding.ASCII.GetBytes(string.Concat(parts));
                var lines = Split(bytes, cut);
                Assert.Equal(Split(bytes, bytes.Length + 1), lines);
                Assert.All(lines, l => Assert.True(l.Length <= Longest));
                var text = Encoding.ASCII.GetString(bytes);
                var expected = text.Length == 0 ? 0 : text.Split('\n').Length - (text.EndsWith('\n') ? 1 : 0);
                Assert.Equal(expected, lines.Count);
            });

    [Fact]
    [Trait("Scenario", "28")]
    public void Megabytes_without_a_newline_are_one_cut_line_and_the_next_line_is_whole()
    {
        var lines = new List<string>();
        var splitter = new LineSplitter(Longest, line => lines.Add(Encoding.ASCII.GetString(line)));
        var block = new byte[1024 * 1024];
        block.AsSpan().Fill((byte)'z');
        for (var i = 0; i < 8; i++)
        {
            splitter.Feed(block);
        }

        splitter.Feed("\nnext\n"u8);
        Assert.Equal([new string('z', Longest), "next"], lines);
    }

    [Theory]
    [InlineData(new byte[] { 0x41, 0x00, 0x42 }, "A\uFFFDB")]
    [InlineData(new byte[] { 0x1B, 0x5B, 0x33, 0x31, 0x6D }, "\uFFFD[31m")]
    [InlineData(new byte[] { 0xFF, 0xFE, 0x41 }, "\uFFFD\uFFFDA")]
    [InlineData(new byte[] { 0xC3, 0xA4, 0x09, 0x7F }, "ä\t\uFFFD")]
    [InlineData(new byte[] { 0xE2, 0x80, 0xAE, 0x41 }, "\uFFFDA")]
    [InlineData(new byte[] { 0xF0, 0x9F, 0x98, 0x80 }, "😀")]
    public void What_could_harm_a_terminal_becomes_a_replacement_character(byte[] bytes, string text) =>
        Assert.Equal(text, HarmlessText.From(bytes));

    [Fact]
    public void The_tail_keeps_the_last_lines_only()
    {
        var tail = new OutputTail(3);
        for (var i = 0; i < 10; i++)
        {
            tail.Add(Encoding.ASCII.GetBytes(new string((char)('0' + i), 10 - i)));
        }

        Assert.Equal(["777", "88", "9"], tail.ToLines());
        var none = new OutputTail(0);
        none.Add("x"u8);
        Assert.Empty(none.ToLines());
    }

    [Fact]
    public void The_tail_is_no_longer_than_a_report_may_quote()
    {
        var tail = new OutputTail(1000);
        for (var i = 0; i < 1000; i++)
        {
            tail.Add(Encoding.ASCII.GetBytes(new string('x', 1000)));
        }

        tail.Add("the last words"u8);
        var lines = tail.ToLines();
        Assert.Equal("the last words", lines[^1]);
        Assert.Equal(OutputTail.MostBytes, lines.Sum(static l => l.Length));
    }

    [Fact]
    public void Lines_beyond_the_rate_are_counted_and_told_with_the_next_that_passes()
    {
        var rate = new LineRate(100, 200);
        var now = TimeSpan.FromSeconds(5);
        var passed = Enumerable.Range(0, 1000).Count(_ => rate.TryPass(now, out var none) && none == 0);
        Assert.Equal(200, passed);
        Assert.True(rate.TryPass(now + TimeSpan.FromSeconds(1), out var suppressed));
        Assert.Equal(800, suppressed);
        Assert.Equal(0, rate.Suppressed);
    }

    private static List<string> Split(byte[] bytes, int cut)
    {
        var lines = new List<string>();
        var splitter = new LineSplitter(Longest, line => lines.Add(Encoding.ASCII.GetString(line)));
        foreach (var chunk in bytes.Chunk(cut))
        {
            splitter.Feed(chunk);
        }

        splitter.End();
        return lines;
    }
}
