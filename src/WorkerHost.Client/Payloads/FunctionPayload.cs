using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Google.Protobuf;

namespace WorkerHost.Client;

/// <summary>Stands for an argument that is not there.</summary>
internal readonly struct NoArgument;

/// <summary>
/// The arguments of a function as its worker takes them: bytes or a protobuf message alone as they are, all else as a JSON array.
/// A cancellation token among them is no argument but the caller's wish to cancel.
/// </summary>
internal readonly struct FunctionPayload
{
    private FunctionPayload(ReadOnlyMemory<byte> data, string contentType, CancellationToken token)
    {
        Data = data;
        ContentType = contentType;
        Token = token;
    }

    public ReadOnlyMemory<byte> Data { get; }

    public string ContentType { get; }

    /// <summary>The one among the arguments; none if there is none.</summary>
    public CancellationToken Token { get; }

    [RequiresUnreferencedCode(JsonPayload.ReflectionWarning)]
    [RequiresDynamicCode(JsonPayload.ReflectionWarning)]
    public static FunctionPayload Of<T1, T2, T3, T4>(T1 first, T2 second, T3 third, T4 fourth)
    {
        var token = TokenIn(first) ?? TokenIn(second) ?? TokenIn(third) ?? TokenIn(fourth) ?? default;
        if (!IsArgument<T2>())
        {
            switch (first)
            {
                case byte[] bytes when typeof(T1) == typeof(byte[]):
                    return new FunctionPayload(bytes, WorkerHost.ContentType.Bytes, token);
                case ReadOnlyMemory<byte> bytes when typeof(T1) == typeof(ReadOnlyMemory<byte>):
                    return new FunctionPayload(bytes, WorkerHost.ContentType.Bytes, token);
                case IMessage message when typeof(IMessage).IsAssignableFrom(typeof(T1)):
                    return new FunctionPayload(message.ToByteArray(), WorkerHost.ContentType.Protobuf, token);
            }
        }

        var scratch = JsonScratch.Take();
        var writer = scratch.Writer;
        writer.WriteStartArray();
        Write(writer, first);
        Write(writer, second);
        Write(writer, third);
        Write(writer, fourth);
        writer.WriteEndArray();
        return new FunctionPayload(scratch.GiveBack(), WorkerHost.ContentType.Json, token);
    }

    private static bool IsArgument<T>() => typeof(T) != typeof(NoArgument) && typeof(T) != typeof(CancellationToken);

    private static CancellationToken? TokenIn<T>(T value) => value is CancellationToken token ? token : null;

    [RequiresUnreferencedCode(JsonPayload.ReflectionWarning)]
    [RequiresDynamicCode(JsonPayload.ReflectionWarning)]
    private static void Write<T>(Utf8JsonWriter writer, T value)
    {
        if (IsArgument<T>())
        {
            JsonSerializer.Serialize(writer, value, InfoOf<T>.Json);
        }
    }

    [RequiresUnreferencedCode(JsonPayload.ReflectionWarning)]
    [RequiresDynamicCode(JsonPayload.ReflectionWarning)]
    private static class InfoOf<T>
    {
        public static readonly JsonTypeInfo<T> Json = (JsonTypeInfo<T>)JsonPayload.Options.GetTypeInfo(typeof(T));
    }
}
