using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;

namespace WorkerHost.Generators;

/// <summary>
/// The analyzers for trimming and native AOT see the call that is written, not the one that takes its place. They warn of a reflection that is gone.
/// </summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class ReflectionWarningSuppressor : DiagnosticSuppressor
{
    private const string Why = "The source generator takes the place of this call.";

    private static readonly ImmutableDictionary<string, SuppressionDescriptor> Descriptors = ImmutableDictionary<string, SuppressionDescriptor>.Empty
        .Add("IL2026", new SuppressionDescriptor("WHS2026", "IL2026", Why))
        .Add("IL3050", new SuppressionDescriptor("WHS3050", "IL3050", Why));

    /// <inheritdoc/>
    public override ImmutableArray<SuppressionDescriptor> SupportedSuppressions => [.. Descriptors.Values];

    /// <inheritdoc/>
    public override void ReportSuppressions(SuppressionAnalysisContext context)
    {
        if (!TaskMapGenerator.IsOn(context.Options.AnalyzerConfigOptionsProvider.GlobalOptions))
        {
            return;
        }

        foreach (var diagnostic in context.ReportedDiagnostics)
        {
            // Told of the whole call or of its left side, as the version of the analyzer has it.
            if (diagnostic.Location.SourceTree is { } tree
                && tree.GetRoot(context.CancellationToken).FindNode(diagnostic.Location.SourceSpan, getInnermostNodeForTie: true) is var node
                && node.FirstAncestorOrSelf<InvocationExpressionSyntax>(n => n.Span == diagnostic.Location.SourceSpan || n.Expression.Span == diagnostic.Location.SourceSpan) is { } invocation
                && context.GetSemanticModel(tree).GetOperation(invocation, context.CancellationToken) is IInvocationOperation call
                && MapCall.Read(call, context.Compilation) is { Handlers: not null })
            {
                context.ReportSuppression(Suppression.Create(Descriptors[diagnostic.Id], diagnostic));
            }
        }
    }
}
