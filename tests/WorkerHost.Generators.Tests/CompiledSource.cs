using System.Collections.Immutable;
using System.Reflection;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Diagnostics;

namespace WorkerHost.Generators.Tests;

/// <summary>A few lines of a user's, compiled with the generator and its analyzer.</summary>
internal sealed class CompiledSource
{
    private static readonly CSharpParseOptions Parsing = CSharpParseOptions.Default
        .WithFeatures([new("InterceptorsNamespaces", "WorkerHost.Generated")]);

    private static readonly MetadataReference[] References =
    [
        .. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator).Select(static path => MetadataReference.CreateFromFile(path)),
    ];

    private readonly CSharpCompilation before;
    private readonly BuildProperties properties;

    /// <param name="body">What a method <c>Map(WorkerApplication worker)</c> does.</param>
    /// <param name="members">What stands beside it in the same class.</param>
    /// <param name="properties">Of the build.</param>
    public CompiledSource(string body, string members = "", params (string Name, string Value)[] properties)
    {
        var source = $$"""
            using System;
            using System.Collections.Generic;
            using System.Threading;
            using System.Threading.Tasks;
            using Google.Protobuf;
            using Google.Protobuf.WellKnownTypes;
            using WorkerHost;

            namespace User;

            public static class Program
            {
                public static void Map(WorkerApplication worker) { {{body}} }

                {{members}}
            }
            """;
        this.properties = new BuildProperties(properties.ToImmutableDictionary(static p => "build_property." + p.Name, static p => p.Value));
        before = CSharpCompilation.Create(
            "User", [CSharpSyntaxTree.ParseText(source, Parsing, "Program.cs")], References, new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, allowUnsafe: true));
    }

    /// <summary>What the generator wrote; empty: nothing.</summary>
    public string Generated()
    {
        Generate(out var compilation);
        Assert.Empty(compilation.GetDiagnostics(TestContext.Current.CancellationToken).Where(static d => d.Severity >= DiagnosticSeverity.Warning));
        return string.Concat(compilation.SyntaxTrees.Except(before.SyntaxTrees).Select(static t => t.ToString()));
    }

    /// <summary>What the analyzer says.</summary>
    public async Task<IReadOnlyList<string>> DiagnosticsAsync()
    {
        var options = new CompilationWithAnalyzersOptions(new AnalyzerOptions([], properties), null, concurrentAnalysis: true, logAnalyzerExecutionTime: false);
        var found = await new CompilationWithAnalyzers(before, [new TaskMapAnalyzer()], options).GetAnalyzerDiagnosticsAsync(TestContext.Current.CancellationToken);
        return [.. found.Select(static d => $"{d.Id} {d.GetMessage(null)}")];
    }

    /// <summary>Runs it without the generator.</summary>
    public void MapByReflection(WorkerApplication worker)
    {
        using var image = new MemoryStream();
        var result = before.Emit(image, cancellationToken: TestContext.Current.CancellationToken);
        Assert.True(result.Success, string.Join('\n', result.Diagnostics));
        try
        {
            Assembly.Load(image.ToArray()).GetType("User.Program")!.GetMethod("Map")!.Invoke(null, [worker]);
        }
        catch (TargetInvocationException e)
        {
            throw e.InnerException!;
        }
    }

    private void Generate(out Compilation compilation) => CSharpGeneratorDriver
        .Create([new TaskMapGenerator().AsSourceGenerator()], parseOptions: Parsing, optionsProvider: properties)
        .RunGeneratorsAndUpdateCompilation(before, out compilation, out _, TestContext.Current.CancellationToken);

    private sealed class BuildProperties(ImmutableDictionary<string, string> values) : AnalyzerConfigOptionsProvider
    {
        public override AnalyzerConfigOptions GlobalOptions { get; } = new Values(values);

        public override AnalyzerConfigOptions GetOptions(SyntaxTree tree) => GlobalOptions;

        public override AnalyzerConfigOptions GetOptions(AdditionalText textFile) => GlobalOptions;

        private sealed class Values(ImmutableDictionary<string, string> values) : AnalyzerConfigOptions
        {
            public override bool TryGetValue(string key, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out string? value) => values.TryGetValue(key, out value);
        }
    }
}
