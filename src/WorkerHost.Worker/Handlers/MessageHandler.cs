using Google.Protobuf;

namespace WorkerHost.Worker;

/// <summary>One protobuf message in, one out.</summary>
internal sealed class MessageHandler<TRequest, TResponse>(
    string name,
    Func<TRequest, TaskContext, CancellationToken, ValueTask<TResponse>> handler)
    : TaskHandler(name, [ContentType.Protobuf])
    where TRequest : class, IMessage<TRequest>, new()
    where TResponse : class, IMessage
{
    private readonly MessageParser<TRequest> parser = new(static () => new TRequest());

    public override TaskResult Run(TaskRun run, CancellationToken cancellationToken)
    {
        var contentType = run.ContentType;
        if (!Is(contentType, ContentType.Protobuf))
        {
            throw UnknownContentType(contentType.Length == 0 ? ContentType.Json : contentType);
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

        var response = Wait(handler(request, run, cancellationToken));
        return new TaskResult(WriteMessage(response), ContentType.Protobuf);
    }

    private static ByteString WriteMessage(TResponse? response)
    {
        try
        {
            return response is null
                ? throw new InvalidOperationException("the handler returned null instead of a message")
                : response.ToByteString();
        }
        catch (Exception e)
        {
            throw new ResultNotWritableException(e);
        }
    }
}
