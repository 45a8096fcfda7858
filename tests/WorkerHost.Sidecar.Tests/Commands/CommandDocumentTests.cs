namespace WorkerHost.Sidecar.Tests.Commands;

/// <summary>What is written about commands is what there is. After a change of commands: run once with WORKERHOST_ACCEPT_COMMANDS=1.</summary>
public sealed class CommandDocumentTests
{
    [Theory]
    [InlineData("commands")]
    [InlineData("common options")]
    [InlineData("exit codes")]
    public void The_page_has_what_the_commands_say(string part)
    {
        var path = Path.Combine(RepositoryRoot.Path, "src", "docs", "sidecar-commands.md");
        var page = File.ReadAllText(path);
        var (begin, end) = ($"<!-- {part}: written by CommandDocumentTests -->\n", $"<!-- end of {part} -->");
        var should = part switch
        {
            "commands" => CommandPage.Commands(),
            "common options" => CommandPage.CommonOptions(),
            _ => CommandPage.ExitCodes(),
        };
        var from = page.IndexOf(begin, StringComparison.Ordinal) + begin.Length;
        var to = page.IndexOf(end, StringComparison.Ordinal);
        Assert.InRange(from, begin.Length, to);
        if (Environment.GetEnvironmentVariable("WORKERHOST_ACCEPT_COMMANDS") == "1")
        {
            File.WriteAllText(path, page[..from] + should + "\n" + page[to..]);
            return;
        }

        Assert.True(page[from..to].Trim() == should.Trim(), $"the {part} on {path} are not those there are; run this test once with WORKERHOST_ACCEPT_COMMANDS=1, and look at what has changed");
    }
}
