using System.Text.RegularExpressions;

namespace WorkerHost.Architecture.Tests;

/// <summary>The code in the README and in the pages is code that is compiled.</summary>
public sealed partial class PageTests
{
    public static TheoryData<string> Pages() =>
    [
        "README.md",
        .. Directory.GetFiles(Path.Combine(RepositoryRoot.Path, "src"), "*.md", SearchOption.AllDirectories)
            .Where(f => !f.Contains($"{Path.DirectorySeparatorChar}node_modules{Path.DirectorySeparatorChar}", StringComparison.Ordinal))
            .Select(f => Path.GetRelativePath(RepositoryRoot.Path, f)).Order(StringComparer.Ordinal),
    ];

    [Theory]
    [MemberData(nameof(Pages))]
    public void Every_line_of_code_on_a_page_stands_in_a_sample(string page)
    {
        var samples = Directory.GetFiles(Path.Combine(RepositoryRoot.Path, "src", "samples"), "*.cs", SearchOption.AllDirectories)
            .Where(f => !f.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal))
            .Select(f => Compact(File.ReadAllText(f)))
            .ToList();

        var blocks = CSharp().Matches(File.ReadAllText(Path.Combine(RepositoryRoot.Path, page))).Select(m => Compact(m.Groups[1].Value)).ToList();

        Assert.True(page != "README.md" || blocks.Count > 0, "the README shows no code");
        Assert.All(blocks, block => Assert.True(
            samples.Exists(sample => sample.Contains(block, StringComparison.Ordinal)),
            $"this code of {page} stands in no file below src/samples (the pages' own is src/samples/Pages):\n{block}"));
    }

    // Indentation is the only freedom.
    private static string Compact(string code) => string.Join('\n', code.Split('\n').Select(l => l.Trim()).Where(l => l.Length > 0));

    [GeneratedRegex("```csharp\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex CSharp();
}
