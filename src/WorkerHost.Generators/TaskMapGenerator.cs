using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Operations;

namespace WorkerHost.Generators;

/// <summary>
/// Takes the place of <c>worker.MapTask(name, handler)</c> and <c>worker.MapTasks(typeof(…))</c> where the handlers are known: reads their arguments and
/// calls them without reflection. What it cannot read is left as it is.
/// </summary>
[Generator(LanguageNames.CSharp)]
public sealed class TaskMapGenerator : IIncrementalGenerator
{
    /// <inheritdoc/>
    public void Initialize(IncrementalGeneratorInitializationContext context)
    {
        var isOn = context.AnalyzerConfigOptionsProvider.Select(static (options, _) => IsOn(options.GlobalOptions));
        var calls = context.SyntaxProvider
            .CreateSyntaxProvider(static (node, _) => MayBeMapCall(node), static (found, token) => Intercept(found, token))
            .Where(static code => code is not null)
            .Collect()
            .Combine(isOn);
        context.RegisterSourceOutput(calls, static (output, found) =>
        {
            if (found.Right && found.Left.Length > 0)
            {
                output.AddSource("WorkerHost.TaskMaps.g.cs", InterceptorCode.File(found.Left!));
            }
        });
    }

    internal static bool IsOn(Microsoft.CodeAnalysis.Diagnostics.AnalyzerConfigOptions options) =>
        !options.TryGetValue(Words.Switch, out var value) || !value.Equals("false", StringComparison.OrdinalIgnoreCase);

    private static bool MayBeMapCall(SyntaxNode node) => node is InvocationExpressionSyntax { Expression: var called } && called switch
    {
        MemberAccessExpressionSyntax access => access.Name.Identifier.ValueText,
        MemberBindingExpressionSyntax binding => binding.Name.Identifier.ValueText,
        _ => null,
    } is Words.MapTask or Words.MapTasks;

    private static Interception? Intercept(GeneratorSyntaxContext found, CancellationToken cancellationToken)
    {
        var node = (InvocationExpressionSyntax)found.Node;
        return found.SemanticModel.GetOperation(node, cancellationToken) is IInvocationOperation call
            && MapCall.Read(call, found.SemanticModel.Compilation) is { Handlers: not null } understood
            && found.SemanticModel.GetInterceptableLocation(node, cancellationToken) is { } location
                ? new Interception(location.GetInterceptsLocationAttributeSyntax(), InterceptorCode.Of(understood, call.TargetMethod.Name == Words.MapTasks))
                : null;
    }
}
