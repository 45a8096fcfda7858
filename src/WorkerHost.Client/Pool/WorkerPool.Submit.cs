using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Google.Protobuf;
using Polly;

namespace WorkerHost;

/// <summary>Submitting tasks.</summary>
public sealed partial class WorkerPool
{
    /// <summary>Submits a task by name with JSON arguments: <c>pool.Submit&lt;int&gt;("add", [1, 2])</c>.</summary>
    /// <typeparam name="TResult">What the handler returns.</typeparam>
    /// <param name="task">The name the worker mapped its handler under.</param>
    /// <param name="arguments">The handler's arguments, in order; null or none: it has no parameters.</param>
    /// <param name="options">Null: the defaults.</param>
    /// <param name="cancellationToken">Cancels the task, as <see cref="TaskFuture.Cancel"/> does.</param>
    /// <returns>At once; the future ends exactly once.</returns>
    /// <exception cref="TaskException">
    /// The task was not accepted and will not run: the queue is full or its time limit cannot be met (<see cref="TaskFailureKind.Rejected"/>
    /// with a time to come again), the pool is stopping, no worker can be had, or the input cannot be sent.
    /// </exception>
    [RequiresUnreferencedCode(Client.JsonPayload.ReflectionWarning)]
    [RequiresDynamicCode(Client.JsonPayload.ReflectionWarning)]
    public TaskFuture<TResult> Submit<TResult>(string task, object?[]? arguments = null, TaskOptions? options = null, CancellationToken cancellationToken = default) =>
        Submit(task, ArgumentsOf(task, arguments), ContentType.Json, Client.JsonResult<TResult>.Reader, options, cancellationToken);

    /// <summary>Submits a task whose result, if it has any, is of no interest.</summary>
    /// <inheritdoc cref="Submit{TResult}(string, object?[], TaskOptions?, CancellationToken)"/>
    [RequiresUnreferencedCode(Client.JsonPayload.ReflectionWarning)]
    [RequiresDynamicCode(Client.JsonPayload.ReflectionWarning)]
    public TaskFuture Submit(string task, object?[]? arguments = null, TaskOptions? options = null, CancellationToken cancellationToken = default) =>
        Submit(task, ArgumentsOf(task, arguments), ContentType.Json, Client.NoResult.Reader, options, cancellationToken);

    /// <summary>The same with generated JSON code, for one argument; clean for trimming and native AOT.</summary>
    /// <inheritdoc cref="Submit{TResult}(string, object?[], TaskOptions?, CancellationToken)"/>
    public TaskFuture<TResult> Submit<TArgument, TResult>(
        string task, TArgument argument, JsonTypeInfo<TArgument> argumentType, JsonTypeInfo<TResult> resultType, TaskOptions? options = null, CancellationToken cancellationToken = default) =>
        Submit(task, Client.JsonPayload.Argument(argument, argumentType), ContentType.Json, new Client.TypedJsonResult<TResult>(resultType), options, cancellationToken);

    /// <summary>Submits bytes and takes bytes back; they are not copied before they are sent, so leave them alone until then.</summary>
    /// <inheritdoc cref="Submit{TResult}(string, object?[], TaskOptions?, CancellationToken)"/>
    public TaskFuture<ReadOnlyMemory<byte>> SubmitBytes(string task, ReadOnlyMemory<byte> payload, TaskOptions? options = null, CancellationToken cancellationToken = default) =>
        Submit(task, payload, ContentType.Bytes, Client.RawBytes.Reader, options, cancellationToken);

    /// <summary>Submits a protobuf message and takes one back.</summary>
    /// <inheritdoc cref="Submit{TResult}(string, object?[], TaskOptions?, CancellationToken)"/>
    public TaskFuture<TResponse> SubmitMessage<TResponse>(string task, IMessage request, TaskOptions? options = null, CancellationToken cancellationToken = default)
        where TResponse : class, IMessage<TResponse>, new()
    {
        ArgumentNullException.ThrowIfNull(request);
        return Submit(task, request.ToByteArray(), ContentType.Protobuf, Client.MessageResult<TResponse>.Reader, options, cancellationToken);
    }

    /// <summary>Like <c>Submit</c>, but waits for a place in a full queue, first come first served.</summary>
    /// <param name="task">The name the worker mapped its handler under.</param>
    /// <param name="arguments">The handler's arguments, in order; null or none: it has no parameters.</param>
    /// <param name="options">Null: the defaults.</param>
    /// <param name="cancellationToken">Gives up the waiting; once the future was returned it cancels the task.</param>
    /// <returns>The future, once the task was accepted.</returns>
    /// <exception cref="TaskException">The task was not accepted for another reason than a full queue.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled while waiting; the task was not accepted.</exception>
    [RequiresUnreferencedCode(Client.JsonPayload.ReflectionWarning)]
    [RequiresDynamicCode(Client.JsonPayload.ReflectionWarning)]
    public ValueTask<TaskFuture<TResult>> SubmitAsync<TResult>(string task, object?[]? arguments = null, TaskOptions? options = null, CancellationToken cancellationToken = default) =>
        SubmitAsync(task, ArgumentsOf(task, arguments), ContentType.Json, Client.JsonResult<TResult>.Reader, options, cancellationToken, cancellationToken);

    /// <summary>Like <c>SubmitBytes</c>, but waits for a place in a full queue.</summary>
    /// <inheritdoc cref="SubmitAsync{TResult}(string, object?[], TaskOptions?, CancellationToken)"/>
    public ValueTask<TaskFuture<ReadOnlyMemory<byte>>> SubmitBytesAsync(string task, ReadOnlyMemory<byte> payload, TaskOptions? options = null, CancellationToken cancellationToken = default) =>
        SubmitAsync(task, payload, ContentType.Bytes, Client.RawBytes.Reader, options, cancellationToken, cancellationToken);

    [RequiresUnreferencedCode(Client.JsonPayload.ReflectionWarning)]
    [RequiresDynamicCode(Client.JsonPayload.ReflectionWarning)]
    private TaskFuture<TResult> SubmitFunction<T1, T2, T3, T4, TResult>(
        Delegate function, Client.IResultReader<TResult> reader, T1 first, T2 second, T3 third, T4 fourth, TaskOptions? taskOptions, CancellationToken cancellationToken)
    {
        if (ResultShape<TResult>.IsStream)
        {
            throw new ArgumentException($"{FunctionName.Of(function)} yields its items one by one; take them with pool.Stream in the place of pool.Submit", nameof(function));
        }

        var (task, payload) = CallOf(function, first, second, third, fourth);
        var token = payload.Token;
        token.ThrowIfCancellationRequested();
        var future = Submit(task, payload.Data, payload.ContentType, reader, taskOptions, cancellationToken);
        CancelWith(future, token);
        return future;
    }

    [RequiresUnreferencedCode(Client.JsonPayload.ReflectionWarning)]
    [RequiresDynamicCode(Client.JsonPayload.ReflectionWarning)]
    private static (string Task, Client.FunctionPayload Payload) CallOf<T1, T2, T3, T4>(Delegate function, T1 first, T2 second, T3 third, T4 fourth)
    {
        var task = FunctionName.Of(function);
        try
        {
            return (task, Client.FunctionPayload.Of(first, second, third, fourth));
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            throw NotWritable(task, e);
        }
    }

    private static class ResultShape<TResult>
    {
        public static readonly bool IsStream = typeof(TResult).IsGenericType && typeof(TResult).GetGenericTypeDefinition() == typeof(IAsyncEnumerable<>);
    }

    private TaskFuture<T> Submit<T>(string task, ReadOnlyMemory<byte> data, string contentType, Client.IResultReader<T> reader, TaskOptions? taskOptions, CancellationToken cancellationToken)
    {
        var (entry, future) = Prepare(task, data, contentType, reader, taskOptions, cancellationToken);
        var pipeline = retries.PipelineOf(entry.Options);
        if (Known(entry, future, reader, cancellationToken) is { } attached)
        {
            return attached;
        }

        var told = entry.Completion!;
        if (loop.Submit(entry, held: pipeline is not null) is { } refusal)
        {
            throw Refused(entry, future, refusal);
        }

        Accepted(entry, told, pipeline, future, cancellationToken);
        return future;
    }

    /// <summary>Waits for a place until <paramref name="giveUp"/>; the other token cancels the task once it is accepted.</summary>
    internal async ValueTask<TaskFuture<T>> SubmitAsync<T>(
        string task, ReadOnlyMemory<byte> data, string contentType, Client.IResultReader<T> reader, TaskOptions? taskOptions, CancellationToken giveUp, CancellationToken cancellationToken)
    {
        var (entry, future) = Prepare(task, data, contentType, reader, taskOptions, cancellationToken);
        var pipeline = retries.PipelineOf(entry.Options);
        if (Known(entry, future, reader, cancellationToken) is { } attached)
        {
            return attached;
        }

        var told = entry.Completion!;
        TaskFailure? refusal;
        try
        {
            refusal = await loop.SubmitAsync(entry, held: pipeline is not null, giveUp).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            entry.Trace?.Ended(Client.AttemptOutcome.Failed(GivenUp));
            Refuse(entry, future, GivenUp);
            throw;
        }

        if (refusal is not null)
        {
            throw Refused(entry, future, refusal);
        }

        Accepted(entry, told, pipeline, future, cancellationToken);
        return future;
    }

    private (Client.TaskEntry Entry, TaskFuture<T> Future) Prepare<T>(
        string task, ReadOnlyMemory<byte> data, string contentType, Client.IResultReader<T> reader, TaskOptions? taskOptions, CancellationToken cancellationToken)
    {
        var entry = Prepare(task, data, contentType, taskOptions, cancellationToken);
        return (entry, new TaskFuture<T>(loop, entry, reader, identity));
    }

    private Client.TaskEntry Prepare(string task, ReadOnlyMemory<byte> data, string contentType, TaskOptions? taskOptions, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(task);
        cancellationToken.ThrowIfCancellationRequested();
        var perTask = taskOptions ?? TaskOptions.Default;
        perTask.Validate();
        var entry = new Client.TaskEntry(Interlocked.Increment(ref lastNumber), task, perTask, data, contentType, AttemptsOf(perTask));
        if (task.Length > ProtocolLimits.MaxNameLength)
        {
            throw BadInput(identity.IdOf(entry), task[..64] + "…", $"the task's name has {task.Length} characters; {ProtocolLimits.MaxNameLength} are allowed");
        }

        if (data.Length > options.MaxMessageBytes)
        {
            throw BadInput(identity.IdOf(entry), task, $"the payload of task {task} has {data.Length} bytes; {options.MaxMessageBytes} are allowed ({options.Names["WorkerPoolOptions.MaxMessageBytes"]})");
        }

        if (perTask.Headers is { Count: > 0 } headers && ProtocolLimits.HeaderBytesOf(headers) is > ProtocolLimits.MaxHeaderBytes and var bytes)
        {
            throw BadInput(identity.IdOf(entry), task, $"the headers of task {task} ({options.Names["TaskOptions.Headers"]}) have {bytes} bytes; {ProtocolLimits.MaxHeaderBytes} are allowed");
        }

        if (retries.Objection(perTask) is { } objection)
        {
            throw BadInput(identity.IdOf(entry), task, objection);
        }

        if (perTask.Progress is { } listener)
        {
            entry.Feed = new Client.TaskFeed(items: null, new Client.ProgressRelay(listener, entry, identity));
        }

        return entry;
    }

    private int AttemptsOf(TaskOptions task) => Math.Min(task.Attempts ?? options.Attempts, options.AttemptsAtMost);

    /// <summary>Null: it is a task of its own, and from now on known under its id if the caller gave it one.</summary>
    private TaskFuture<T>? Known<T>(Client.TaskEntry entry, TaskFuture<T> future, Client.IResultReader<T> reader, CancellationToken cancellationToken)
    {
        if (entry.Options.Id is { } id)
        {
            var made = new Client.SharedTask(entry, known);
            while (known.FindOrAdd(id, made) is { } same)
            {
                if (Attach(entry, same, reader, cancellationToken) is { } attached)
                {
                    return attached;
                }

                known.Forget(same);
            }

            entry.Completion = made;
            made.Attach(future);
        }

        entry.Trace = Client.TaskTrace.Begin(identity, entry, options.TimeProvider);
        return null;
    }

    /// <summary>Null: everybody else has left it, and it is not run.</summary>
    private TaskFuture<T>? Attach<T>(Client.TaskEntry entry, Client.SharedTask same, Client.IResultReader<T> reader, CancellationToken cancellationToken)
    {
        if (same.DifferenceTo(entry) is { } difference)
        {
            throw BadInput(entry.Options.Id!, entry.Task, $"task {entry.Task} with {entry.Bytes} bytes has the id {entry.Options.Id} ({options.Names["TaskOptions.Id"]}), which is that of another: {difference}");
        }

        var attached = new TaskFuture<T>(loop, same.Entry, reader, identity, attached: true);
        if (!same.Attach(attached))
        {
            return null;
        }

        CancelWith(attached, cancellationToken);
        return attached;
    }

    private TaskException Refused(Client.TaskEntry entry, TaskFuture future, TaskFailure refusal)
    {
        Interlocked.Increment(ref refused);
        entry.Trace?.Ended(Client.AttemptOutcome.Failed(refusal));
        Refuse(entry, future, refusal);
        return new TaskException(future.Id, entry.Task, refusal);
    }

    /// <summary>Who came for the same id meanwhile is told by his future; the caller is by what is thrown, and nobody looks at his.</summary>
    private static void Refuse(Client.TaskEntry entry, TaskFuture future, TaskFailure refusal)
    {
        (entry.Completion as Client.SharedTask)?.Refuse(refusal);
        _ = future.Completion.Exception;
    }

    private void Accepted(Client.TaskEntry entry, Client.ICompletion told, ResiliencePipeline? pipeline, TaskFuture future, CancellationToken cancellationToken)
    {
        if (pipeline is not null)
        {
            retries.Begin(loop, entry, told, pipeline);
        }

        CancelWith(future, cancellationToken);
    }

    private static void CancelWith(TaskFuture future, CancellationToken cancellationToken)
    {
        if (cancellationToken.CanBeCanceled)
        {
            var registration = cancellationToken.UnsafeRegister(static f => ((TaskFuture)f!).Cancel(), future);
            _ = future.Completion.ContinueWith(static (_, r) => ((CancellationTokenRegistration)r!).Unregister(), registration, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }
    }

    [RequiresUnreferencedCode(Client.JsonPayload.ReflectionWarning)]
    [RequiresDynamicCode(Client.JsonPayload.ReflectionWarning)]
    private static byte[] ArgumentsOf(string task, object?[]? arguments)
    {
        try
        {
            return Client.JsonPayload.Arguments(arguments ?? []);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            throw NotWritable(task, e);
        }
    }

    // A converter of the user's may throw anything.
    private static TaskException NotWritable(string task, Exception exception) => BadInput(
        "",
        task,
        $"the arguments of task {task} cannot be written as JSON: {(exception is TypeInitializationException { InnerException: { } first } ? first : exception).Message}"
        + (JsonSerializer.IsReflectionEnabledByDefault ? "" : " This program has no JSON by reflection (it is trimmed or native): use the overload with JsonTypeInfo"));

    private static TaskFailure GivenUp { get; } = new() { Kind = TaskFailureKind.Cancelled, NeverStarted = true, Message = "the caller gave up waiting for a place in the queue" };

    private static TaskException BadInput(string id, string task, string message) =>
        new(id, task, new TaskFailure { Kind = TaskFailureKind.BadInput, NeverStarted = true, Message = message });
}
