namespace WorkerHost.Architecture.Tests;

/// <summary>Arrows only downwards: {Sidecar, Testing} → WorkerHost → {Supervision, Client, Worker} → Contracts.</summary>
public sealed class ArrowTests
{
    private static readonly Dictionary<string, string[]> Arrows = new()
    {
        ["WorkerHost.Contracts"] = [],
        ["WorkerHost.Generators"] = [],

        // The generator travels in the worker's package.
        ["WorkerHost.Worker"] = ["WorkerHost.Contracts", "WorkerHost.Generators"],
        ["WorkerHost.Supervision"] = ["WorkerHost.Contracts"],
        ["WorkerHost.Client"] = ["WorkerHost.Contracts"],
        ["WorkerHost"] = ["WorkerHost.Client", "WorkerHost.Supervision", "WorkerHost.Worker"],
        ["WorkerHost.Sidecar"] = ["WorkerHost"],
        ["WorkerHost.Testing"] = ["WorkerHost"],
    };

    [Fact]
    public void Every_project_points_only_where_the_design_says()
    {
        foreach (var project in ProjectFile.Product)
        {
            Assert.True(Arrows.TryGetValue(project.Name, out var allowed), $"{project.Name} has no place in the house; give it one in {nameof(ArrowTests)}");
            Assert.Equal(allowed, project.Projects.Order(StringComparer.Ordinal));
        }
    }

    [Fact]
    public void The_rooms_are_all_there() =>
        Assert.Superset(Arrows.Keys.ToHashSet(), ProjectFile.Product.Select(p => p.Name).ToHashSet());

    [Fact]
    public void The_three_roles_never_see_each_others_types()
    {
        string[] roles = ["WorkerHost.Worker", "WorkerHost.Supervision", "WorkerHost.Client"];
        foreach (var role in roles)
        {
            // What the compiler was given, transitive references included.
            var reachable = Reachable(role).ToHashSet();
            Assert.Empty(reachable.Intersect(roles.Except([role])));
        }
    }

    [Fact]
    public void No_product_project_depends_on_a_test_or_a_sample() =>
        Assert.Empty(ProjectFile.Product.SelectMany(p => p.Projects).Intersect(ProjectFile.Others.Select(p => p.Name)));

    [Fact]
    public void No_assembly_but_the_library_is_called_workerhost()
    {
        var called = ProjectFile.Product.Concat(ProjectFile.Others)
            .Where(p => p.AssemblyName.Equals("workerhost", StringComparison.OrdinalIgnoreCase))
            .Select(p => p.Name);
        Assert.Equal(["WorkerHost"], called);
    }

    private static IEnumerable<string> Reachable(string name) =>
        ProjectFile.Product.Single(p => p.Name == name).Projects.SelectMany(p => Reachable(p).Prepend(p));
}
