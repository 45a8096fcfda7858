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

    /// <summary>A task of items that come one after the other, which cannot travel.</summary>
    public static bool IsAwaitedSequence(ITypeSymbol type) => IsAwaited(type) && OnlyArgument(type) is { } value && IsAsyncSequence(value);

    /// <summary>Of the items that it yields; null: it returns one value.</summary>
    public static ITypeSymbol? Item(ITypeSymbol type) =>
        IsAsyncSequence(type) || type.OriginalDefinition.SpecialType == SpecialType.System_Collections_Generic_IEnumerable_T ? OnlyArgument(type) : null;

    public static bool IsAsyncSequence(ITypeSymbol type) => Definition(type) == "System.Collections.Generic.IAsyncEnumerable<T>";

    private static ITypeSymbol? OnlyArgument(ITypeSymbol type) => ((INamedTypeSymbol)type).TypeArguments.SingleOrDefault();

    private static string Definition(ITypeSymbol type) => type.OriginalDefinition.ToDisplayString();
}
