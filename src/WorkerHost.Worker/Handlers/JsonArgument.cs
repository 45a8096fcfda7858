using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Google.Protobuf;

namespace WorkerHost.Worker;

/// <summary>A payload that is a JSON array of one argument, read with metadata made at compile time.</summary>
internal static class JsonArgument
{
    /// <exception cref="BadInputException">The payload is no array of one argument.</exception>
    public static T Read<T>(string task, ByteString payload, JsonTypeInfo<T> type)
    {
        string Expected() => $"task \"{task}\" takes a JSON array of 1 argument ({typeof(T).Name})";
        try
        {
            var reader = new Utf8JsonReader(payload.Span);
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartArray)
            {
                throw new BadInputException($"{Expected()}; the payload is not an array");
            }

            if (!reader.Read() || reader.TokenType == JsonTokenType.EndArray)
            {
                throw new BadInputException($"{Expected()}; got 0");
            }

            var argument = JsonSerializer.Deserialize(ref reader, type);
            if (!reader.Read() || reader.TokenType != JsonTokenType.EndArray)
            {
                throw new BadInputException($"{Expected()}; got more");
            }

            return argument!;
        }
        catch (Exception e) when (e is not BadInputException)
        {
            throw new BadInputException($"{Expected()}; it could not be read: {RemoteErrors.MessageOf(e)}", e);
        }
    }
}
