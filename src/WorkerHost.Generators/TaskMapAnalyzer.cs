using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;

namespace WorkerHost.Generators;

/// <summary>Tells at compile time what mapping would tell at run time, and why a call is left to reflection where that matters.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class TaskMapAnalyzer : DiagnosticAnalyzer
{
    private static readonly DiagnosticDescriptor Refused = new(
        "WH0001", "A task cannot be mapped", "{0}", "WorkerHost", DiagnosticSeverity.Error, isEnabledByDefault: true,
        "MapTask and MapTasks throw this when the worker starts.");

    private static readonly DiagnosticDescriptor Left = new(
        "WH0002", "A task is mapped by reflection", "This call finds its handler's parameters by reflection, which trimming and native AOT may break: {0}", "WorkerHost", DiagnosticSeverity.Warning, isEnabledByDefault: true,
        "Told only in projects that are analyzed for trimming or native AOT.");

    /// <inheritdoc/>
    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics => [Refused, Left];

    /// <inheritdoc/>
    public override void Initialize(AnalysisContext context)
    {
        context.ConfigureGeneratedCodeAnalysis(GeneratedCodeAnalysisFlags.None);
        context.EnableConcurrentExecution();
        context.RegisterOperationAction(static operation => Look(operation), OperationKind.Invocation);
    }

    private static void Look(OperationAnalysisContext context)
    {
        var options = context.Options.AnalyzerConfigOptionsProvider.GlobalOptions;
        if (!TaskMapGenerator.IsOn(options) || MapCall.Read((IInvocationOperation)context.Operation, context.Compilation) is not { } call)
        {
            return;
        }

        if (call.Refusal is not null)
        {
            context.ReportDiagnostic(Diagnostic.Create(Refused, context.Operation.Syntax.GetLocation(), call.Refusal));
        }
        else if (call.Obstacle is not null && (IsTrue(options, "EnableAotAnalyzer") || IsTrue(options, "EnableTrimAnalyzer")))
        {
            context.ReportDiagnostic(Diagnostic.Create(Left, context.Operation.Syntax.GetLocation(), call.Obstacle));
        }
    }

    private static bool IsTrue(AnalyzerConfigOptions options, string property) =>
        options.TryGetValue("build_property." + property, out var value) && value.Equals("true", StringComparison.OrdinalIgnoreCase);
}
