using System.Diagnostics.CodeAnalysis;
using System.Globalization;
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

/// <summary>One parameter of a handler, found by reflection or told by generated code.</summary>
internal sealed class HandlerParameter
{
    private readonly string? name;
    private readonly object? serviceKey;
    private readonly HandlerJson json;
    private JsonTypeInfo? typeInfo;

    public HandlerParameter(ParameterInfo parameter, HandlerServices services)
        : this(
            parameter.Name,
            parameter.ParameterType,
            parameter.HasDefaultValue,
            parameter.HasDefaultValue ? DefaultOf(parameter) : null,
            parameter.IsDefined(typeof(FromKeyedServicesAttribute)),
            parameter.GetCustomAttribute<FromKeyedServicesAttribute>()?.Key,
            services)
    {
    }

    /// <param name="name">In the handler's code.</param>
    /// <param name="type">Of its values.</param>
    /// <param name="isOptional">Callers may leave it out.</param>
    /// <param name="defaultValue">What a call without this argument gets.</param>
    /// <param name="isKeyed">It has <c>[FromKeyedServices]</c>.</param>
    /// <param name="serviceKey">The key there; null: a service without one.</param>
    /// <param name="services">Which types are services.</param>
    public HandlerParameter(string? name, Type type, bool isOptional, object? defaultValue, bool isKeyed, object? serviceKey, HandlerServices services)
    {
        this.name = name;
        this.serviceKey = serviceKey;
        json = services.Json;
        Type = type;
        IsOptional = isOptional;
        Default = defaultValue;
        Source = Type == typeof(TaskContext) ? ParameterSource.Context
            : Type == typeof(CancellationToken) ? ParameterSource.Token
            : services.Have(type, isKeyed) ? ParameterSource.Service
            : ParameterSource.Argument;
        IsBytes = Source == ParameterSource.Argument && (Type == typeof(byte[]) || Type == typeof(ReadOnlyMemory<byte>));
        IsMessage = Source == ParameterSource.Argument && typeof(IMessage).IsAssignableFrom(Type);
    }

    public Type Type { get; }

    public ParameterSource Source { get; }

    public bool IsBytes { get; }

    public bool IsMessage { get; }

    public bool IsOptional { get; }

    /// <summary>What a call without this argument gets.</summary>
    public object? Default { get; }

    public object Service(TaskRun run) => serviceKey is null
        ? run.Services.GetRequiredService(Type)
        : run.Services.GetRequiredKeyedService(Type, serviceKey);

    public JsonTypeInfo TypeInfo() => typeInfo ??= json.TypeInfo(Type);

    /// <exception cref="ArgumentException">There is no way to read it from JSON.</exception>
    public void RequireJson(string task) => json.Require(Type, task, $"parameter \"{this}\"");

    public override string ToString() => IsOptional ? string.Create(CultureInfo.InvariantCulture, $"{Name(Type)} {name} = {Default ?? "null"}") : $"{Name(Type)} {name}";

    /// <summary>As it is written in C#, as far as a reader needs it.</summary>
    public static string Name(Type type) => Type.GetTypeCode(type) switch
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

    private static object? DefaultOf(ParameterInfo parameter) =>
        parameter.DefaultValue ?? (parameter.ParameterType.IsValueType ? ValueTypeDefault(parameter.ParameterType) : null);

    // A struct's "= default" is told by reflection as null.
    [UnconditionalSuppressMessage("Trimming", "IL2067", Justification = "A value type's default needs no constructor.")]
    private static object? ValueTypeDefault(Type type) => Nullable.GetUnderlyingType(type) is null
        ? System.Runtime.CompilerServices.RuntimeHelpers.GetUninitializedObject(type)
        : null;
}
