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
    private readonly ItemSequence? items;
    private JsonTypeInfo<TResult>? resultJson;

    private GeneratedHandler(string name, TaskCall<TResult> call, HandlerArguments arguments, HandlerJson json, ItemSequence? items)
        : base(name, arguments.ContentTypes)
    {
        this.call = call;
        this.arguments = arguments;
        this.json = json;
        this.items = items;
    }

    public override bool YieldsItems => items is not null;

    /// <param name="name">The task's.</param>
    /// <param name="parameters">The handler's, without contexts and tokens.</param>
    /// <param name="call">Reads these and calls it.</param>
    /// <param name="services">Which parameters are services.</param>
    /// <param name="items">Draws items out of what it gives; null: that is one value.</param>
    /// <exception cref="ArgumentException">An argument or the result cannot travel.</exception>
    public static GeneratedHandler<TResult> Create(string name, TaskParameter[] parameters, TaskCall<TResult> call, HandlerServices services, ItemSequence? items = null)
    {
        foreach (var parameter in parameters)
        {
            parameter.Bind(services);
        }

        var arguments = new HandlerArguments(name, parameters.Select(static p => p.Facts));
        if (typeof(TResult) != typeof(NoResult))
        {
            services.Json.Require(ItemSequence.TypeOf(typeof(TResult)) ?? typeof(TResult), name, "the result");
        }

        return new GeneratedHandler<TResult>(name, call, arguments, services.Json, items);
    }

    public override TaskResult Run(TaskRun run, CancellationToken cancellationToken)
    {
        var input = new TaskInput(run, arguments, ComesAsJson(run.ContentType), cancellationToken);
        var result = call(ref input);
        return items is null ? Write(result) : items.Deliver(result, run, cancellationToken);
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
