using System.Diagnostics;
using System.Text.RegularExpressions;

namespace WorkerHost.Architecture.Tests;

/// <summary>The page for those who come from Python knows every name they may look for, and its answers compile.</summary>
public sealed partial class PythonNamesTests
{
    private static readonly Dictionary<string, string> Rows = File.ReadLines(Path.Combine(RepositoryRoot.Path, "src", "docs", "from-python.md"))
        .Select(static line => Row().Match(line))
        .Where(static row => row.Success)
        .ToDictionary(static row => row.Groups[1].Value, static row => row.Groups[2].Value);

    [Fact]
    public async Task Every_public_name_has_a_line()
    {
        RequiredTool.Demand(File.Exists("/usr/bin/python3"), "python3");
        using var python = Process.Start(new ProcessStartInfo("/usr/bin/python3", ["-B", Path.Combine(RepositoryRoot.Path, "tests", "WorkerHost.Architecture.Tests", "PythonNames.py")]) { RedirectStandardOutput = true })!;
        var names = (await python.StandardOutput.ReadToEndAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        await python.WaitForExitAsync();

        Assert.True(names.Length > 150, $"python3 named {names.Length}");
        Assert.Empty(names.Except(Rows.Keys));
    }

    [Fact]
    public void Every_line_says_what_it_is_here_or_why_not()
    {
        var nothing = Rows.Where(static row => !Code().IsMatch(row.Value) && !Reason().IsMatch(row.Value)).Select(static row => $"{row.Key}: {row.Value}");
        Assert.Empty(nothing);
    }

    [Fact]
    public void The_code_of_every_line_is_compiled()
    {
        var compiled = File.ReadAllText(Path.Combine(RepositoryRoot.Path, "src", "samples", "Pages", "FromPythonPage.cs"));
        var loose = Rows.SelectMany(static row => Code().Matches(row.Value).Select(code => (row.Key, Code: code.Groups[1].Value)))
            .Where(line => !compiled.Contains(line.Code, StringComparison.Ordinal) && !PythonWord().IsMatch(line.Code))
            .Select(static line => $"{line.Key}: {line.Code}");
        Assert.Empty(loose);
    }

    [GeneratedRegex(@"^\| `((?:threading|multiprocessing|concurrent\.futures)\.[^`]+)` \| (.+) \|$")]
    private static partial Regex Row();

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Code();

    /// <summary>Words of Python's, or of C#'s that stand alone.</summary>
    [GeneratedRegex("^(Queue|Value|with|await|await using)$")]
    private static partial Regex PythonWord();

    [GeneratedRegex("^(not offered(,| between)|the same)")]
    private static partial Regex Reason();
}
