using System.Security.Cryptography;
using WorkerHost.Samples.Quickstart;

namespace WorkerHost.Quickstart.Tests;

public sealed class FileFactsTests : IDisposable
{
    private readonly ScratchFolder folder = new();

    [Theory]
    [InlineData("", 0)]
    [InlineData("one", 0)]
    [InlineData("one\n", 1)]
    [InlineData("one\r\ntwo\n\n", 3)]
    public void Lines_are_line_feeds(string text, int lines)
    {
        var facts = FileFacts.Compute(folder.Write("file", text), CancellationToken.None);
        Assert.Equal((text.Length, lines), (facts.Size, facts.Lines));
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(text))), facts.Sha256);
    }

    [Fact]
    public void A_file_larger_than_any_buffer_is_read_to_its_end()
    {
        var bytes = RandomNumberGenerator.GetBytes(3_000_001);
        var path = Path.Combine(folder.Path, "large");
        File.WriteAllBytes(path, bytes);
        Assert.Equal(
            new FileFacts(Convert.ToHexStringLower(SHA256.HashData(bytes)), bytes.Length, bytes.Count(b => b == '\n')),
            FileFacts.Compute(path, CancellationToken.None));
    }

    public void Dispose() => folder.Dispose();
}
