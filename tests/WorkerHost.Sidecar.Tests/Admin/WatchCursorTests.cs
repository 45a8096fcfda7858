using WorkerHost.Sidecar.Admin.Events;

namespace WorkerHost.Sidecar.Tests.Admin;

public sealed class WatchCursorTests
{
    [Fact]
    public void A_cursor_is_read_as_it_was_written()
    {
        var cursor = WatchCursor.Empty.With("pdf", "pdf-1a2b", 0).With("a.b-c_d", "a.b-c_d-00ff", 17).With("pdf", "pdf-1a2b", 4);

        Assert.Equal("a.b-c_d=a.b-c_d-00ff:17;pdf=pdf-1a2b:4", cursor.ToString());
        Assert.Equal(cursor.Read, WatchCursor.Parse(cursor.ToString())!.Read);
    }

    [Theory]
    [InlineData("12")]
    [InlineData("images=")]
    [InlineData("images=x")]
    [InlineData("images=:1")]
    [InlineData("images=x:")]
    [InlineData("images=x:-1")]
    [InlineData("=x:1")]
    [InlineData("images=x:1;images=x:2")]
    [InlineData("images=x:99999999999999999999")]
    public void What_is_no_cursor_is_not_taken_for_one(string text) => Assert.Null(WatchCursor.Parse(text));
}
