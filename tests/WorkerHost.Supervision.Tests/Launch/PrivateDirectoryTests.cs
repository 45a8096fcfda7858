namespace WorkerHost.Supervision.Tests.Launch;

public sealed class PrivateDirectoryTests : IDisposable
{
    private readonly TemporaryDirectory place = new();
    private readonly TemporaryDirectory victim = new();

    public void Dispose()
    {
        place.Dispose();
        victim.Dispose();
    }

    [Fact]
    public void It_stays_where_it_is_for_as_long_as_it_is_there()
    {
        using var living = new PrivateDirectory(place.Path);
        var path = living.Path;
        living.EnsureExists();
        living.EnsureExists();
        Assert.Equal(path, living.Path);
        Assert.Equal([path], Directory.EnumerateFileSystemEntries(place.Path));
    }

    [Theory]
    [InlineData("nothing")]
    [InlineData("a link")]
    [InlineData("a file")]
    [InlineData("another directory")]
    public void What_somebody_puts_in_its_place_is_not_used(string what)
    {
        using var living = new PrivateDirectory(place.Path);
        var path = living.Path;
        Directory.Delete(path, recursive: true);
        switch (what)
        {
            case "a link":
                Directory.CreateSymbolicLink(path, victim.Path);
                break;
            case "a file":
                File.WriteAllText(path, "");
                break;
            case "another directory":
                Directory.CreateDirectory(path);
                break;
        }

        living.EnsureExists();
        Assert.NotEqual(path, living.Path);
        Assert.True(File.Exists(living.MakeFor(0, 1, 1).LedgerPath));
        Assert.Empty(Directory.EnumerateFileSystemEntries(victim.Path));
    }

    [Fact]
    public void A_place_that_somebody_has_removed_is_not_made_anew_and_is_named()
    {
        var parent = Path.Combine(place.Path, "sockets");
        Directory.CreateDirectory(parent);
        using var living = new PrivateDirectory(parent);
        Directory.Delete(parent, recursive: true);
        var error = Assert.Throws<IOException>(living.EnsureExists);
        Assert.Contains($"no directory for sockets and ledgers can be made in {parent} (SupervisorOptions.Directory", error.Message, StringComparison.Ordinal);
        Assert.Contains("errno 2", error.Message, StringComparison.Ordinal);
        Assert.Throws<IOException>(() => living.MakeFor(0, 1, 1));
        Assert.False(Directory.Exists(parent));

        Directory.CreateDirectory(parent);
        living.EnsureExists();
        Assert.True(File.Exists(living.MakeFor(0, 1, 1).LedgerPath));
    }
}
