using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Text.Json.Serialization.Metadata;
using Google.Protobuf;
using Microsoft.Extensions.DependencyInjection;

namespace WorkerHost.Worker;

/// <summary>Where the value of a handler's parameter comes from.</summary>
internal enum ParameterSource
{
    Argument,
    Context,
    Token,
    Service,
}

/// <summary>One parameter of a handler found by reflection.</summary>
internal sealed class HandlerParameter
{
    private readonly ParameterInfo parameter;
    private readonly object? serviceKey;
    private JsonTypeInfo? typeInfo;

    public HandlerParameter(ParameterInfo parameter, HandlerServices services)
    {
        this.parameter = parameter;
        Source = Type == typeof(TaskContext) ? ParameterSource.Context
            : Type == typeof(CancellationToken) ? ParameterSource.Token
            : services.Have(parameter) ? ParameterSource.Service
            : ParameterSource.Argument;
        serviceKey = parameter.GetCustomAttribute<FromKeyedServicesAttribute>()?.Key;
        IsBytes = Source == ParameterSource.Argument && (Type == typeof(byte[]) || Type == typeof(ReadOnlyMemory<byte>));
        IsMessage = Source == ParameterSource.Argument && typeof(IMessage).IsAssignableFrom(Type);
    }

    public Type Type => parameter.ParameterType;

    public ParameterSource Source { get; }

    public bool IsBytes { get; }

    public bool IsMessage { get; }

    public bool IsOptional => parameter.HasDefaultValue;

    /// <summary>What a call without this argument gets.</summary>
    public object? Default => parameter.DefaultValue ?? (Type.IsValueType ? ValueTypeDefault() : null);

    public object Service(TaskRun run) => serviceKey is null
        ? run.Services.GetRequiredService(Type)
        : run.Services.GetRequiredKeyedService(Type, serviceKey);

    [RequiresUnreferencedCode("JSON by reflection")]
    [RequiresDynamicCode("JSON by reflection")]
    public JsonTypeInfo TypeInfo() => typeInfo ??= HandlerJson.TypeInfo(Type);

    public override string ToString() => IsOptional ? $"{Name(Type)} {parameter.Name} = {Default ?? "null"}" : $"{Name(Type)} {parameter.Name}";

    // A struct's "= default" is told by reflection as null.
    [UnconditionalSuppressMessage("Trimming", "IL2072", Justification = "A value type's default needs no constructor.")]
    private object? ValueTypeDefault() => Nullable.GetUnderlyingType(Type) is null
        ? System.Runtime.CompilerServices.RuntimeHelpers.GetUninitializedObject(Type)
        : null;

    private static string Name(Type type) => Type.GetTypeCode(type) switch
    {
        _ when type.IsEnum => type.Name,
        TypeCode.Boolean => "bool",
        TypeCode.Byte => "byte",
        TypeCode.Int16 => "short",
        TypeCode.Int32 => "int",
        TypeCode.Int64 => "long",
        TypeCode.Single => "float",
        TypeCode.Double => "double",
        TypeCode.Decimal => "decimal",
        TypeCode.String => "string",
        _ when Nullable.GetUnderlyingType(type) is { } inner => Name(inner) + "?",
        _ when type.IsArray => Name(type.GetElementType()!) + "[]",
        _ when type.IsGenericType =>
            $"{type.Name[..type.Name.IndexOf('`', StringComparison.Ordinal)]}<{string.Join(", ", type.GetGenericArguments().Select(Name))}>",
        _ => type.Name,
    };
}
