using System.Text.RegularExpressions;

namespace WorkerHost.Architecture.Tests;

/// <summary>The code in the README is code that is compiled.</summary>
public sealed partial class ReadmeTests
{
    [Fact]
    public void Every_line_of_code_in_the_README_stands_in_a_sample()
    {
        var readme = File.ReadAllText(Path.Combine(RepositoryRoot.Path, "README.md"));
        var samples = Directory.GetFiles(Path.Combine(RepositoryRoot.Path, "src", "samples"), "*.cs", SearchOption.AllDirectories)
            .Where(f => !f.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal))
            .Select(f => Compact(File.ReadAllText(f)))
            .ToList();

        var blocks = CSharp().Matches(readme).Select(m => Compact(m.Groups[1].Value)).ToList();

        Assert.NotEmpty(blocks);
        Assert.All(blocks, block => Assert.Contains(samples, sample => sample.Contains(block, StringComparison.Ordinal)));
    }

    // Indentation is the only freedom.
    private static string Compact(string code) => string.Join('\n', code.Split('\n').Select(l => l.Trim()).Where(l => l.Length > 0));

    [GeneratedRegex("```csharp\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex CSharp();
}
