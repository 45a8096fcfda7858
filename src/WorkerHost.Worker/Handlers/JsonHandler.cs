using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

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

        var result = Wait(handler(JsonArgument.Read(Name, run.Payload, argumentType), run, cancellationToken));
        try
        {
            return new TaskResult(Wrap(JsonSerializer.SerializeToUtf8Bytes(result, resultType)), ContentType.Json);
        }
        catch (Exception e)
        {
            throw new ResultNotWritableException(e);
        }
    }
}
