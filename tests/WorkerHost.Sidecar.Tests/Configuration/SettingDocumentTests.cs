namespace WorkerHost.Sidecar.Tests.Configuration;

/// <summary>
/// What is written about settings is what there is. After a change of settings: run once with WORKERHOST_ACCEPT_SETTINGS=1, and build again.
/// </summary>
public sealed class SettingDocumentTests
{
    private const string Begin = "<!-- settings: written by SettingDocumentTests -->\n";
    private const string End = "<!-- end of settings -->";

    [Fact]
    public void The_schema_is_that_of_the_settings()
    {
        var path = Path.Combine(RepositoryRoot.Path, "src", "WorkerHost.Sidecar", "workerhost.schema.json");
        Check(path, static _ => SettingSchema.Text());
    }

    [Fact]
    public void The_page_has_every_setting()
    {
        var path = Path.Combine(RepositoryRoot.Path, "src", "docs", "sidecar-configuration.md");
        Check(path, static page =>
        {
            var begin = page.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length;
            return page[..begin] + SettingPage.Tables() + "\n" + page[page.IndexOf(End, StringComparison.Ordinal)..];
        });
    }

    [Fact]
    public void The_file_on_the_page_is_one_that_a_host_takes()
    {
        var page = File.ReadAllText(Path.Combine(RepositoryRoot.Path, "src", "docs", "sidecar-configuration.md"));
        using var written = new Written(page.Split("```json\n")[1].Split("```")[0]);
        var token = written.File("token", "0123456789abcdef");

        Assert.Empty(written.Errors([$"data:tokenFile={token}"]));
    }

    private static void Check(string path, Func<string, string> wanted)
    {
        var text = File.ReadAllText(path);
        var should = wanted(text);
        if (Environment.GetEnvironmentVariable("WORKERHOST_ACCEPT_SETTINGS") == "1")
        {
            File.WriteAllText(path, should);
            return;
        }

        Assert.True(text == should, $"{path} is not what the settings say; run this test once with WORKERHOST_ACCEPT_SETTINGS=1, look at what has changed, and build again");
    }
}
