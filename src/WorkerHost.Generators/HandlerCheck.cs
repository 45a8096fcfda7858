using Microsoft.CodeAnalysis;

namespace WorkerHost.Generators;

/// <summary>What stands against a handler.</summary>
internal static class HandlerCheck
{
    /// <summary>Null: nothing. Else what mapping it will throw, word for word.</summary>
    public static string? Refusal(IMethodSymbol method, string task)
    {
        foreach (var parameter in method.Parameters)
        {
            if (parameter.RefKind != RefKind.None || CannotTravel(parameter.Type))
            {
                return $"parameter \"{TypeNames.Shown(parameter.Type, parameter.RefKind)} {parameter.Name}\" of task \"{task}\" cannot be read from a payload";
            }
        }

        return method.RefKind != RefKind.None || CannotTravel(method.ReturnType)
            ? $"task \"{task}\" returns {TypeNames.Reflected(method.ReturnType)}{(method.RefKind == RefKind.None ? "" : "&")}, which cannot be written as one result"
            : null;
    }

    /// <summary>Null: its call can be written. Else why it cannot.</summary>
    public static string? Obstacle(IMethodSymbol method, bool isFunction, Compilation compilation)
    {
        if (isFunction && !TypeNames.CanBeNamed(method.ContainingType, compilation))
        {
            return $"{method.ContainingType.ToDisplayString()} is not accessible in the whole program";
        }

        foreach (var parameter in method.Parameters)
        {
            if (!TypeNames.CanBeNamed(parameter.Type, compilation))
            {
                return $"the type of parameter \"{parameter.Name}\", {parameter.Type.ToDisplayString()}, is not accessible in the whole program";
            }

            if (TypeNames.IsMessage(parameter.Type) && !CanBeMade(parameter.Type))
            {
                return $"the type of parameter \"{parameter.Name}\", {parameter.Type.ToDisplayString()}, has no public constructor without parameters";
            }

            if (ServiceKeys.IsKeyed(parameter) && ServiceKeys.Key(parameter) is null)
            {
                return $"the key of parameter \"{parameter.Name}\" is no simple constant";
            }
        }

        return !method.ReturnsVoid && !TypeNames.CanBeNamed(method.ReturnType, compilation)
                ? $"what it returns, {method.ReturnType.ToDisplayString()}, is not accessible in the whole program"
            : Returned.IsAwaitedSequence(method.ReturnType) ? "it returns a task of a sequence"
            : null;
    }

    private static bool CannotTravel(ITypeSymbol type) => type.IsRefLikeType || type is IPointerTypeSymbol or IFunctionPointerTypeSymbol;

    private static bool CanBeMade(ITypeSymbol type) =>
        type is INamedTypeSymbol { IsAbstract: false } named && named.InstanceConstructors.Any(static c => c.Parameters.Length == 0 && c.DeclaredAccessibility == Accessibility.Public);
}
