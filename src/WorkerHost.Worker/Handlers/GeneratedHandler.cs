using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Google.Protobuf;
using WorkerHost.Generated;

namespace WorkerHost.Worker;

/// <summary>
/// A handler whose call was written at compile time: typed, without boxing and reflection. In everything else the same as
/// <see cref="DelegateHandler"/>; a test compares both.
/// </summary>
internal sealed class GeneratedHandler<TResult> : TaskHandler
{
    private readonly TaskCall<TResult> call;
    private readonly HandlerArguments arguments;
    private readonly HandlerJson json;
    private JsonTypeInfo<TResult>? resultJson;

    private GeneratedHandler(string name, TaskCall<TResult> call, HandlerArguments arguments, HandlerJson json)
        : base(name, arguments.ContentTypes)
    {
        this.call = call;
        this.arguments = arguments;
        this.json = json;
    }

    /// <exception cref="ArgumentException">An argument or the result cannot travel.</exception>
    public static GeneratedHandler<TResult> Create(string name, TaskParameter[] parameters, TaskCall<TResult> call, HandlerServices services)
    {
        foreach (var parameter in parameters)
        {
            parameter.Bind(services);
        }

        var arguments = new HandlerArguments(name, parameters.Select(static p => p.Facts));
        if (typeof(TResult) != typeof(NoResult))
        {
            services.Json.Require(typeof(TResult), name, "the result");
        }

        return new GeneratedHandler<TResult>(name, call, arguments, services.Json);
    }

    public override TaskResult Run(TaskRun run, CancellationToken cancellationToken)
    {
        var input = new TaskInput(run, arguments, ComesAsJson(run.ContentType), cancellationToken);
        return Write(call(ref input));
    }

    public override void Close(HandlerServices services) => arguments.Close(services);

    private bool ComesAsJson(string contentType) => arguments.All switch
    {
        [{ IsBytes: true }] when Is(contentType, ContentType.Bytes) => false,
        [{ IsMessage: true }] => Is(contentType, ContentType.Protobuf) ? false : throw UnknownContentType(contentType.Length == 0 ? ContentType.Json : contentType),
        _ => IsJson(contentType) ? true : throw UnknownContentType(contentType),
    };

    private TaskResult Write(TResult result)
    {
        if (typeof(TResult) == typeof(NoResult))
        {
            return TaskResult.Nothing;
        }

        try
        {
            return result switch
            {
                byte[] bytes => new TaskResult(Wrap(bytes), ContentType.Bytes),
                ReadOnlyMemory<byte> bytes => new TaskResult(Wrap(bytes), ContentType.Bytes),
                Memory<byte> bytes => new TaskResult(Wrap(bytes), ContentType.Bytes),
                IMessage message => new TaskResult(message.ToByteString(), ContentType.Protobuf),
                _ => WriteJson(result),
            };
        }
        catch (Exception e)
        {
            throw new ResultNotWritableException(e);
        }
    }

    private TaskResult WriteJson(TResult result)
    {
        var scratch = JsonScratch.Take();
        JsonSerializer.Serialize(scratch.Writer, result, resultJson ??= (JsonTypeInfo<TResult>)json.TypeInfo(typeof(TResult)));
        return new TaskResult(UnsafeByteOperations.UnsafeWrap(scratch.GiveBack()), ContentType.Json);
    }
}
