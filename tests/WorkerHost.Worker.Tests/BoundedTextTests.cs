using System.Text;

namespace WorkerHost.Worker.Tests;

public sealed class BoundedTextTests
{
    [Theory]
    [InlineData("", 10, "")]
    [InlineData("short", 10, "short")]
    [InlineData("exactly-10", 10, "exactly-10")]
    [InlineData("eleven char", 10, "eleven …")]
    [InlineData("🙂🙂🙂", 10, "🙂 …")]
    public void Text_is_cut_between_characters(string text, int maxBytes, string expected)
    {
        var cut = BoundedText.Cut(text, maxBytes);

        Assert.Equal(expected, cut);
        Assert.InRange(Encoding.UTF8.GetByteCount(cut), 0, maxBytes);
    }

    // Not as arguments of a theory, which travel in UTF-8 themselves.
    [Fact]
    public void Lone_surrogates_become_what_utf_8_can_hold()
    {
        Assert.Equal("a\ufffdb", BoundedText.Cut("a\ud800b", 10));
        Assert.Equal("\ufffd an …", BoundedText.Cut("\udc00 and much more", 10));
    }
}
