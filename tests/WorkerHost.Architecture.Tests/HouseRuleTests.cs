using System.Text.RegularExpressions;

namespace WorkerHost.Architecture.Tests;

/// <summary>Rules a reader relies on and a compiler does not check.</summary>
public sealed partial class HouseRuleTests
{
    // Most files are far below; one that comes near has taken on a second idea.
    private const int MostLines = 600;

    [Fact]
    public void A_file_holds_one_idea_and_stays_short()
    {
        var long_ = Sources("src").Select(path => (Path: Path.GetRelativePath(RepositoryRoot.Path, path), Lines: File.ReadLines(path).Count()))
            .Where(f => f.Lines > MostLines)
            .Select(f => $"{f.Path}: {f.Lines} lines");
        Assert.Empty(long_);
    }

    [Fact]
    public void Names_say_what_a_thing_is()
    {
        // Words that mean nothing, and an assembly, namespace or type name that would hide one of the framework's.
        var vague = Sources("src")
            .Select(path => Path.GetFileNameWithoutExtension(path))
            .Where(name => VagueName().IsMatch(name));
        Assert.Empty(vague);
    }

    [Fact]
    public void A_decision_is_written_down_with_status_context_decision_and_consequences()
    {
        var folder = Path.Combine(RepositoryRoot.Path, "src", "docs", "decisions");
        Assert.SkipUnless(Directory.Exists(folder), "no decision is written down yet");
        string[] parts = ["Status", "Context", "Decision", "Consequences"];
        foreach (var page in Directory.EnumerateFiles(folder, "*.md").Where(p => Path.GetFileName(p) != "README.md"))
        {
            var text = File.ReadAllText(page);
            var missing = parts.Where(part => !Regex.IsMatch(text, $@"^(#+ |\*\*){part}\b", RegexOptions.Multiline));
            Assert.True(!missing.Any(), $"{Path.GetFileName(page)} lacks {string.Join(", ", missing)}");
        }
    }

    [Fact]
    public void Decisions_are_numbered_without_a_repeat()
    {
        var folder = Path.Combine(RepositoryRoot.Path, "src", "docs", "decisions");
        Assert.SkipUnless(Directory.Exists(folder), "no decision is written down yet");
        var numbers = Directory.EnumerateFiles(folder, "*.md").Select(p => Path.GetFileName(p).Split('-')[0]).Where(n => n.All(char.IsDigit)).ToArray();
        Assert.Equal(numbers.Distinct(), numbers);
    }

    private static IEnumerable<string> Sources(string folder) => Directory
        .EnumerateFiles(Path.Combine(RepositoryRoot.Path, folder), "*.cs", SearchOption.AllDirectories)
        .Where(path => !BuildOutput().IsMatch(path));

    [GeneratedRegex(@"[/\\](bin|obj)[/\\]")]
    private static partial Regex BuildOutput();

    [GeneratedRegex("(Manager|Helpers?|Utils?|Utilities)$|^(WorkerHost|Task|Worker)$")]
    private static partial Regex VagueName();
}
