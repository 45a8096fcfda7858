using Microsoft.CodeAnalysis;

namespace WorkerHost.Generators;

/// <summary>Parameters with <c>[FromKeyedServices]</c>.</summary>
internal static class ServiceKeys
{
    public static bool IsKeyed(IParameterSymbol parameter) => Attribute(parameter) is not null;

    /// <summary>As it is written in code; null: it cannot be.</summary>
    public static string? Key(IParameterSymbol parameter)
    {
        var arguments = Attribute(parameter)!.ConstructorArguments;
        return arguments.IsEmpty || arguments[0].IsNull ? "null" : arguments[0] switch
        {
            { Kind: TypedConstantKind.Primitive or TypedConstantKind.Enum } constant => Literals.Of(constant.Value, constant.Type!),
            { Kind: TypedConstantKind.Type, Value: ITypeSymbol type } => $"typeof({TypeNames.InCode(type)})",
            _ => null,
        };
    }

    private static AttributeData? Attribute(IParameterSymbol parameter) =>
        parameter.GetAttributes().FirstOrDefault(static a => a.AttributeClass?.ToDisplayString() == Words.KeyedServices);
}
