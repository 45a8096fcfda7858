using Microsoft.CodeAnalysis;

namespace WorkerHost.Generators;

/// <summary>What a handler returns, and what of it is the task's result.</summary>
internal static class Returned
{
    private const string Tasks = "System.Threading.Tasks.";

    /// <summary>It has to be waited for.</summary>
    public static bool IsAwaited(ITypeSymbol type) => Definition(type) is Tasks + "Task" or Tasks + "ValueTask" or Tasks + "Task<TResult>" or Tasks + "ValueTask<TResult>";

    /// <summary>Null: there is no value.</summary>
    public static ITypeSymbol? Value(IMethodSymbol method) =>
        method.ReturnsVoid ? null
        : !IsAwaited(method.ReturnType) ? method.ReturnType
        : OnlyArgument(method.ReturnType);

    public static bool IsSequence(ITypeSymbol type) =>
        Definition(type) == "System.Collections.Generic.IAsyncEnumerable<T>"
        || (IsAwaited(type) && OnlyArgument(type) is { } value && IsSequence(value));

    private static ITypeSymbol? OnlyArgument(ITypeSymbol type) => ((INamedTypeSymbol)type).TypeArguments.SingleOrDefault();

    private static string Definition(ITypeSymbol type) => type.OriginalDefinition.ToDisplayString();
}
