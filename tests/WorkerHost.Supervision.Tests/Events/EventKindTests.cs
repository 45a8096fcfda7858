using System.Text.RegularExpressions;

namespace WorkerHost.Supervision.Tests.Events;

public sealed partial class EventKindTests
{
    [Fact]
    public void Every_kind_of_event_is_listed_in_docs_observability_and_the_other_way_round()
    {
        var page = File.ReadAllText(Path.Combine(RepositoryRoot.Path, "src", "docs", "observability.md"));
        var kinds = typeof(SupervisorEvent).GetNestedTypes().Where(t => !t.IsAbstract).Select(t => t.Name);
        Assert.Equal(Row().Matches(page).Select(m => m.Groups[1].Value).Order(), kinds.Order());
    }

    [GeneratedRegex(@"^\| `([A-Z]\w+)` \|", RegexOptions.Multiline)]
    private static partial Regex Row();
}
