using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Schema;

namespace WorkerHost.Conformance.Tests;

/// <summary>The suite itself: whatever a case says is known to the runner, and means something.</summary>
public sealed class CaseShapeTests
{
    private static readonly string SchemaFile = Path.Combine(Suite.Folder, "case.schema.json");

    public static TheoryData<string> Files => [.. Suite.Files.Select(static f => f.Theme)];

    [Theory]
    [MemberData(nameof(Files))]
    public void A_file_is_named_after_its_theme_and_its_cases_are_well_formed(string theme)
    {
        var file = CaseFile.Read(Path.Combine(Suite.CasesFolder, $"{theme}.json"));

        Assert.Equal(("../case.schema.json", theme), (file.Schema, file.Theme));
        Assert.NotEmpty(file.Cases);
        Assert.Equal(file.Cases.Count, file.Cases.DistinctBy(static c => c.Name).Count());
        Assert.All(file.Cases, static c => Assert.NotEmpty(c.Steps.Select(static s => s.What)));
    }

    [Theory]
    [InlineData("""{ "dance": {} }""")]
    [InlineData("""{ "submit": { "as": "a", "task": "b" }, "cancel": { "of": "a" } }""")]
    [InlineData("""{ }""")]
    [InlineData("""{ "submit": { "as": "a", "task": "b", "argumnts": [] } }""")]
    [InlineData("""{ "submit": { "as": "a" } }""")]
    [InlineData("""{ "expect": { "of": "a", "outcome": "sunny" } }""")]
    public void A_step_that_is_not_known_is_no_step(string step) =>
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<CaseStep>(step, CaseFile.Strict)!.What);

    [Fact]
    public void A_matcher_that_is_not_known_fails_its_case()
    {
        var values = new Values("/nowhere");

        Assert.Throws<InvalidDataException>(() => values.Difference(JsonNode.Parse("""{ "$like": 1 }"""), JsonNode.Parse("1")));
        Assert.Throws<InvalidDataException>(() => values.Resolve(JsonNode.Parse("""{ "$random": 1 }""")));
    }

    [Theory]
    [InlineData("1", "2")]
    [InlineData("[1]", "[1, 2]")]
    [InlineData("""{ "a": 1 }""", """{ "a": 1, "b": 2 }""")]
    [InlineData("""{ "$has": { "a": 1 } }""", """{ "a": 2, "b": 2 }""")]
    [InlineData("""{ "$has": { "a": 1 } }""", "1")]
    [InlineData("""{ "$not": { "$any": true } }""", "1")]
    [InlineData("""{ "$repeat": ["ab", 2] }""", "\"aba\"")]
    [InlineData("\"{dir}/a\"", "\"{dir}/a\"")]
    public void What_differs_is_found(string expected, string actual) =>
        Assert.NotNull(new Values("/here").Difference(JsonNode.Parse(expected), JsonNode.Parse(actual)));

    [Theory]
    [InlineData("{ \"$has\": { \"a\": { \"$not\": 2 } } }", """{ "a": 1, "b": 2 }""")]
    [InlineData("""{ "$repeat": ["ab", 2] }""", "\"abab\"")]
    [InlineData("\"{dir}/a\"", "\"/here/a\"")]
    [InlineData("[{ \"$any\": true }, null]", "[{}, null]")]
    public void What_is_alike_is_not(string expected, string actual) =>
        Assert.Null(new Values("/here").Difference(JsonNode.Parse(expected), JsonNode.Parse(actual)));

    [Fact]
    public void Who_needs_something_names_what_some_worker_or_client_has()
    {
        var known = Suite.Workers.SelectMany(static w => w.Capabilities).Concat(Suite.Clients.SelectMany(static c => c.Capabilities)).ToHashSet();

        Assert.Empty(Suite.Files.SelectMany(static f => f.Cases).SelectMany(static c => c.Needs).Except(known));
    }

    [Fact]
    public void Every_worker_and_every_client_has_its_tests()
    {
        var kinds = typeof(CaseShapeTests).Assembly.GetTypes().Where(static t => t is { IsAbstract: false, BaseType.IsGenericType: true }).ToList();
        string[] Of(Type tests) => [.. kinds
            .Where(t => t.BaseType!.GetGenericTypeDefinition() == tests)
            .Select(static t => (string)t.BaseType!.GenericTypeArguments[0].GetProperty(nameof(IKind.Name))!.GetValue(null)!)
            .Order(StringComparer.Ordinal)];

        Assert.Equal(Suite.Workers.Select(static w => w.Name).Order(StringComparer.Ordinal), Of(typeof(WorkerTests<>)));
        Assert.Equal(Suite.Clients.Select(static c => c.Name).Where(static n => n != "dotnet").Order(StringComparer.Ordinal), Of(typeof(ForeignClientTests<>)));
    }

    [Fact]
    public void The_schema_is_what_the_runner_reads()
    {
        var schema = (JsonObject)CaseFile.Strict.GetJsonSchemaAsNode(typeof(CaseFile), new JsonSchemaExporterOptions { TreatNullObliviousAsNonNullable = true });
        schema.Insert(0, "$schema", "https://json-schema.org/draft/2020-12/schema");
        schema.Insert(1, "title", "A file of conformance cases; what it means stands in README.md beside this schema");
        var text = schema.ToJsonString(new JsonSerializerOptions { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }) + "\n";
        if (Environment.GetEnvironmentVariable("WORKERHOST_ACCEPT_CASES") == "1")
        {
            File.WriteAllText(SchemaFile, text);
        }

        Assert.True(File.Exists(SchemaFile) && File.ReadAllText(SchemaFile) == text, $"{SchemaFile} is not what the runner reads; a run with WORKERHOST_ACCEPT_CASES=1 writes it");
    }
}
