using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Google.Protobuf;

namespace WorkerHost.Client;

/// <summary>Arguments as a JSON array, results as one JSON value; camelCase names, read case-insensitively, as on the web.</summary>
internal static class JsonPayload
{
    internal const string ReflectionWarning = "JSON by reflection needs types that trimming may remove; use the overload with JsonTypeInfo.";

    /// <summary>By reflection; where a trimmed or native program has none, for numbers, text, times and arrays of them.</summary>
    public static JsonSerializerOptions Options { get; } = Make();

    [RequiresUnreferencedCode(ReflectionWarning)]
    [RequiresDynamicCode(ReflectionWarning)]
    public static byte[] Arguments(object?[] arguments) => JsonSerializer.SerializeToUtf8Bytes(arguments, Options);

    public static byte[] Argument<T>(T argument, JsonTypeInfo<T> type)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartArray();
            JsonSerializer.Serialize(writer, argument, type);
            writer.WriteEndArray();
        }

        return buffer.ToArray();
    }

    public static void Expect(string contentType, string expected)
    {
        if (contentType != expected)
        {
            throw new InvalidDataException($"it came as {contentType}, not as {expected}");
        }
    }

    [UnconditionalSuppressMessage("Trimming", "IL2026", Justification = "Reached only where reflection is on, which it is not in a trimmed program.")]
    [UnconditionalSuppressMessage("AOT", "IL3050", Justification = "Reached only where reflection is on, which it is not in a native program.")]
    private static JsonSerializerOptions Make()
    {
        var made = new JsonSerializerOptions(JsonSerializerDefaults.Web)
        {
            // The values of a tuple are fields: without them it would arrive empty, and nobody would be told.
            IncludeFields = true,
            TypeInfoResolver = JsonSerializer.IsReflectionEnabledByDefault ? new DefaultJsonTypeInfoResolver() : SimpleJson.Default,
        };

        // Before that nothing is kept: each question for a type would make its metadata anew.
        made.MakeReadOnly();
        return made;
    }
}

/// <summary>JSON results, by reflection; where bytes or a message are asked for and came, those.</summary>
[RequiresUnreferencedCode(JsonPayload.ReflectionWarning)]
[RequiresDynamicCode(JsonPayload.ReflectionWarning)]
internal sealed class JsonResult<T> : IResultReader<T>
{
    public static JsonResult<T> Reader { get; } = new();

    [UnconditionalSuppressMessage("Trimming", "IL2046", Justification = "the type carries the warning")]
    [UnconditionalSuppressMessage("AOT", "IL3051", Justification = "the type carries the warning")]
    public T Read(ReadOnlyMemory<byte> data, string contentType)
    {
        if (contentType == ContentType.Bytes && typeof(T) == typeof(byte[]))
        {
            return (T)(object)data.ToArray();
        }

        if (contentType == ContentType.Bytes && typeof(T) == typeof(ReadOnlyMemory<byte>))
        {
            return (T)(object)data;
        }

        if (contentType == ContentType.Protobuf && typeof(IMessage).IsAssignableFrom(typeof(T)))
        {
            var message = Activator.CreateInstance<T>();
            ((IMessage)message!).MergeFrom(data.Span);
            return message;
        }

        JsonPayload.Expect(contentType, ContentType.Json);
        return data.IsEmpty ? default! : JsonSerializer.Deserialize<T>(data.Span, JsonPayload.Options)!;
    }
}

/// <summary>JSON results, by generated code.</summary>
internal sealed class TypedJsonResult<T>(JsonTypeInfo<T> type) : IResultReader<T>
{
    public T Read(ReadOnlyMemory<byte> data, string contentType)
    {
        JsonPayload.Expect(contentType, ContentType.Json);
        return data.IsEmpty ? default! : JsonSerializer.Deserialize(data.Span, type)!;
    }
}
