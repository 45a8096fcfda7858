using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Google.Protobuf;

namespace WorkerHost.Worker;

/// <summary>One JSON argument in, one JSON value out, with metadata made at compile time: clean for native AOT.</summary>
internal sealed class JsonHandler<TArgument, TResult>(
    string name,
    Func<TArgument, TaskContext, CancellationToken, ValueTask<TResult>> handler,
    JsonTypeInfo<TArgument> argumentType,
    JsonTypeInfo<TResult> resultType)
    : TaskHandler(name, [ContentType.Json])
{
    public override TaskResult Run(TaskRun run, CancellationToken cancellationToken)
    {
        if (!IsJson(run.ContentType))
        {
            throw UnknownContentType(run.ContentType);
        }

        var result = Wait(handler(Read(run.Payload), run, cancellationToken));
        try
        {
            return new TaskResult(Wrap(JsonSerializer.SerializeToUtf8Bytes(result, resultType)), ContentType.Json);
        }
        catch (Exception e)
        {
            throw new ResultNotWritableException(e);
        }
    }

    private TArgument Read(ByteString payload)
    {
        string Expected() => $"task \"{Name}\" takes a JSON array of 1 argument ({typeof(TArgument).Name})";
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

            var argument = JsonSerializer.Deserialize(ref reader, argumentType);
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
