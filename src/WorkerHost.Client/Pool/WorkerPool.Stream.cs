using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization.Metadata;
using Google.Protobuf;

namespace WorkerHost;

/// <summary>Tasks that yield items.</summary>
public sealed partial class WorkerPool
{
    /// <summary>How many items of a stream may be ahead of its consumer unless told otherwise.</summary>
    public const int DefaultStreamBuffer = 1000;

    /// <summary>
    /// Submits a task that yields items, and gives them while it runs: <c>await foreach (var line in pool.Stream&lt;string&gt;("lines", [path]))</c>.
    /// </summary>
    /// <typeparam name="T">What the handler yields.</typeparam>
    /// <param name="task">The name the worker mapped its handler under; one that returns <c>IAsyncEnumerable&lt;T&gt;</c> or <c>IEnumerable&lt;T&gt;</c>. Another is refused.</param>
    /// <param name="arguments">The handler's arguments, in order; null or none: it has no parameters.</param>
    /// <param name="options">Null: the defaults. A time limit counts until the handler has ended, so it includes what a slow consumer takes.</param>
    /// <param name="buffer">
    /// The handler goes on while fewer items than that are ahead of the consumer, and not more than 1 MiB: so much of a stream is in the
    /// host's memory at most, and one item. 1 or more; default 1000. With 1 the handler makes each item when the one before was taken.
    /// </param>
    /// <param name="cancellationToken">Cancels the task, as <see cref="TaskFuture.Cancel"/> does.</param>
    /// <returns>At once; the task is submitted, whether its items are taken or not.</returns>
    /// <exception cref="TaskException">The task was not accepted and will not run, as with <c>Submit</c>.</exception>
    [RequiresUnreferencedCode(Client.JsonPayload.ReflectionWarning)]
    [RequiresDynamicCode(Client.JsonPayload.ReflectionWarning)]
    public TaskStream<T> Stream<T>(string task, object?[]? arguments = null, TaskOptions? options = null, int buffer = DefaultStreamBuffer, CancellationToken cancellationToken = default) =>
        Stream(task, ArgumentsOf(task, arguments), ContentType.Json, Client.JsonResult<T>.Reader, options, buffer, cancellationToken);

    /// <summary>The same with generated JSON code, for one argument; clean for trimming and native AOT.</summary>
    /// <inheritdoc cref="Stream{T}(string, object?[], TaskOptions?, int, CancellationToken)"/>
    public TaskStream<T> Stream<TArgument, T>(
        string task, TArgument argument, JsonTypeInfo<TArgument> argumentType, JsonTypeInfo<T> itemType, TaskOptions? options = null, int buffer = DefaultStreamBuffer, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(argumentType);
        ArgumentNullException.ThrowIfNull(itemType);
        return Stream(task, Client.JsonPayload.Argument(argument, argumentType), ContentType.Json, new Client.TypedJsonResult<T>(itemType), options, buffer, cancellationToken);
    }

    /// <summary>Submits plain bytes and takes items of plain bytes.</summary>
    /// <inheritdoc cref="Stream{T}(string, object?[], TaskOptions?, int, CancellationToken)"/>
    public TaskStream<ReadOnlyMemory<byte>> StreamBytes(string task, ReadOnlyMemory<byte> payload, TaskOptions? options = null, int buffer = DefaultStreamBuffer, CancellationToken cancellationToken = default) =>
        Stream(task, payload, ContentType.Bytes, Client.RawBytes.Reader, options, buffer, cancellationToken);

    /// <summary>Submits a protobuf message and takes items that are messages.</summary>
    /// <inheritdoc cref="Stream{T}(string, object?[], TaskOptions?, int, CancellationToken)"/>
    public TaskStream<TItem> StreamMessage<TItem>(string task, IMessage request, TaskOptions? options = null, int buffer = DefaultStreamBuffer, CancellationToken cancellationToken = default)
        where TItem : class, IMessage<TItem>, new()
    {
        ArgumentNullException.ThrowIfNull(request);
        return Stream(task, request.ToByteArray(), ContentType.Protobuf, Client.MessageResult<TItem>.Reader, options, buffer, cancellationToken);
    }

    [RequiresUnreferencedCode(Client.JsonPayload.ReflectionWarning)]
    [RequiresDynamicCode(Client.JsonPayload.ReflectionWarning)]
    private TaskStream<T> StreamFunction<T1, T2, T3, T4, T>(
        Delegate function, T1 first, T2 second, T3 third, T4 fourth, TaskOptions? taskOptions, int buffer, CancellationToken cancellationToken)
    {
        var (task, payload) = CallOf(function, first, second, third, fourth);
        var token = payload.Token;
        token.ThrowIfCancellationRequested();
        var stream = Stream(task, payload.Data, payload.ContentType, Client.JsonResult<T>.Reader, taskOptions, buffer, cancellationToken);
        CancelWith(stream, token);
        return stream;
    }

    private TaskStream<T> Stream<T>(
        string task, ReadOnlyMemory<byte> data, string contentType, Client.IResultReader<T> reader, TaskOptions? taskOptions, int buffer, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(buffer, 1);
        var entry = Prepare(task, data, contentType, taskOptions, cancellationToken);
        var items = new Client.ItemBuffer(buffer, options.MaxMessageBytes);
        entry.Feed = new Client.TaskFeed(items, entry.Feed?.Progress);
        var stream = new TaskStream<T>(loop, entry, items, reader, identity);
        items.TooLong = () => stream.Spoilt($"an item of task {task} is larger than {options.MaxMessageBytes} bytes ({options.Names["WorkerPoolOptions.MaxMessageBytes"]})");
        if (entry.Options.Id is { } id)
        {
            var made = new Client.SharedTask(entry, known);
            if (known.FindOrAdd(id, made) is not null)
            {
                throw BadInput(id, task, $"task {task} has the id {id} ({options.Names["TaskOptions.Id"]}), which another has that has not ended or whose outcome is kept; the items of a stream go to one reader, so give it an id of its own");
            }

            entry.Completion = made;
            made.Attach(stream);
        }

        entry.Trace = Client.TaskTrace.Begin(identity, entry, options.TimeProvider);
        var pipeline = retries.PipelineOf(entry.Options);
        var told = entry.Completion!;
        if (loop.Submit(entry, held: pipeline is not null) is { } refusal)
        {
            throw Refused(entry, stream, refusal);
        }

        Accepted(entry, told, pipeline, stream, cancellationToken);
        return stream;
    }
}
