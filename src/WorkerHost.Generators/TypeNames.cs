using Microsoft.CodeAnalysis;

namespace WorkerHost.Generators;

/// <summary>Types by name: in code, for people, for callers.</summary>
internal static class TypeNames
{
    // Reflection does not write @event for a name that is a keyword, as messages of the compiler do.
    private static readonly SymbolDisplayFormat Unescaped = new(typeQualificationStyle: SymbolDisplayTypeQualificationStyle.NameAndContainingTypesAndNamespaces);

    public static string InCode(ITypeSymbol type) => type.ToDisplayString(SymbolDisplayFormat.FullyQualifiedFormat);

    /// <summary>As reflection has it; a function's name on the wire has a dot between a type and one inside of it.</summary>
    public static string Full(INamedTypeSymbol type, char nested) =>
        type.ContainingType is { } outer ? $"{Full(outer, nested)}{nested}{type.MetadataName}"
        : type.ContainingNamespace is { IsGlobalNamespace: false } space ? $"{space.ToDisplayString(Unescaped)}.{type.MetadataName}"
        : type.MetadataName;

    public static bool IsGeneric(this INamedTypeSymbol type) => type.IsGenericType || type.ContainingType?.IsGeneric() == true;

    public static bool IsMessage(ITypeSymbol type) => type.ToDisplayString() == Words.Message || type.AllInterfaces.Any(static i => i.ToDisplayString() == Words.Message);

    /// <summary>Whether code in a file of its own can have it.</summary>
    public static bool CanBeNamed(ITypeSymbol type, Compilation compilation) => type switch
    {
        IDynamicTypeSymbol => true,
        IArrayTypeSymbol array => CanBeNamed(array.ElementType, compilation),
        INamedTypeSymbol { IsAnonymousType: false, TypeKind: not TypeKind.Error } named =>
            !named.IsFileLocal
            && compilation.IsSymbolAccessibleWithin(named, compilation.Assembly)
            && named.TypeArguments.All(t => CanBeNamed(t, compilation))
            && (named.ContainingType is null || CanBeNamed(named.ContainingType, compilation)),
        _ => false,
    };

    /// <summary>As the worker's messages have it.</summary>
    public static string Shown(ITypeSymbol type, RefKind refKind = RefKind.None) => refKind != RefKind.None ? $"{Reflected(type)}&" : type switch
    {
        IArrayTypeSymbol array => $"{Shown(array.ElementType)}[]",
        IPointerTypeSymbol pointer => Reflected(pointer),
        INamedTypeSymbol { TypeKind: TypeKind.Enum } => type.Name,
        INamedTypeSymbol { OriginalDefinition.SpecialType: SpecialType.System_Nullable_T } nullable => $"{Shown(nullable.TypeArguments[0])}?",
        INamedTypeSymbol { TypeArguments.IsEmpty: false } generic => $"{type.Name}<{string.Join(", ", generic.TypeArguments.Select(static t => Shown(t)))}>",
        _ => type.SpecialType switch
        {
            SpecialType.System_Boolean => "bool",
            SpecialType.System_Byte => "byte",
            SpecialType.System_Int16 => "short",
            SpecialType.System_Int32 => "int",
            SpecialType.System_Int64 => "long",
            SpecialType.System_Single => "float",
            SpecialType.System_Double => "double",
            SpecialType.System_Decimal => "decimal",
            SpecialType.System_String => "string",
            _ => type.Name,
        },
    };

    /// <summary>As reflection has it, without its namespace.</summary>
    public static string Reflected(ITypeSymbol type) => type switch
    {
        IArrayTypeSymbol array => $"{Reflected(array.ElementType)}[]",
        IPointerTypeSymbol pointer => $"{Reflected(pointer.PointedAtType)}*",
        _ => type.MetadataName,
    };
}
