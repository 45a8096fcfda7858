using System.Text.Json.Serialization.Metadata;
using Google.Protobuf;

namespace WorkerHost.Worker;

/// <summary>Bytes in, items of bytes out.</summary>
internal sealed class BytesItemsHandler(
    string name,
    Func<ReadOnlyMemory<byte>, TaskContext, CancellationToken, IAsyncEnumerable<ReadOnlyMemory<byte>>> handler)
    : TaskHandler(name, [ContentType.Bytes])
{
    private readonly ItemSequence<ReadOnlyMemory<byte>> items = new(new BytesItems<ReadOnlyMemory<byte>>(static bytes => bytes));

    public override bool YieldsItems => true;

    public override TaskResult Run(TaskRun run, CancellationToken cancellationToken) => Is(run.ContentType, ContentType.Bytes)
        ? items.Deliver(handler(run.Payload.Memory, run, cancellationToken), run, cancellationToken)
        : throw UnknownContentType(run.ContentType.Length == 0 ? ContentType.Json : run.ContentType);
}

/// <summary>One JSON argument in, items of JSON out, with metadata made at compile time: clean for native AOT.</summary>
internal sealed class JsonItemsHandler<TArgument, TItem>(
    string name,
    Func<TArgument, TaskContext, CancellationToken, IAsyncEnumerable<TItem>> handler,
    JsonTypeInfo<TArgument> argumentType,
    JsonTypeInfo<TItem> itemType)
    : TaskHandler(name, [ContentType.Json])
{
    private readonly ItemSequence<TItem> items = new(new JsonItems<TItem>(() => itemType));

    public override bool YieldsItems => true;

    public override TaskResult Run(TaskRun run, CancellationToken cancellationToken) => IsJson(run.ContentType)
        ? items.Deliver(handler(JsonArgument.Read(Name, run.Payload, argumentType), run, cancellationToken), run, cancellationToken)
        : throw UnknownContentType(run.ContentType);
}

/// <summary>One protobuf message in, items that are messages out.</summary>
internal sealed class MessageItemsHandler<TRequest, TItem>(
    string name,
    Func<TRequest, TaskContext, CancellationToken, IAsyncEnumerable<TItem>> handler)
    : TaskHandler(name, [ContentType.Protobuf])
    where TRequest : class, IMessage<TRequest>, new()
    where TItem : class, IMessage
{
    private readonly MessageParser<TRequest> parser = new(static () => new TRequest());
    private readonly ItemSequence<TItem> items = new(new MessageItems<TItem>());

    public override bool YieldsItems => true;

    public override TaskResult Run(TaskRun run, CancellationToken cancellationToken)
    {
        if (!Is(run.ContentType, ContentType.Protobuf))
        {
            throw UnknownContentType(run.ContentType.Length == 0 ? ContentType.Json : run.ContentType);
        }

        TRequest request;
        try
        {
            request = parser.ParseFrom(run.Payload);
        }
        catch (InvalidProtocolBufferException e)
        {
            throw new BadInputException($"the payload of task \"{Name}\" is not a {typeof(TRequest).Name}: {e.Message}", e);
        }

        return items.Deliver(handler(request, run, cancellationToken), run, cancellationToken);
    }
}
