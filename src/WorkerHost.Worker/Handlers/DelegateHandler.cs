using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using System.Text.Json;
using Google.Protobuf;

namespace WorkerHost.Worker;

/// <summary>
/// Any lambda or method as a task. Called through <see cref="MethodInvoker"/>: compiling it would cost more at every start of a worker
/// than it saves in the lives of most. One that is called often is compiled after all, once, beside the work (<see cref="TypedCall"/>).
/// </summary>
[RequiresUnreferencedCode("Finds parameters and JSON metadata by reflection.")]
[RequiresDynamicCode("Finds parameters and JSON metadata by reflection.")]
internal sealed class DelegateHandler : TaskHandler
{
    // Some milliseconds of work, for what is called often enough to earn them back soon.
    private const int CompiledAfter = 500;

    private readonly MethodInfo method;
    private readonly MethodInvoker invoker;
    private readonly object? target;
    private readonly object? boundFirst;
    private readonly bool hasBoundFirst;
    private readonly HandlerParameter[] parameters;
    private readonly HandlerArguments arguments;
    private readonly HandlerJson json;
    private readonly ReturnValue returnValue;
    private readonly ItemSequence? items;
    private volatile TypedCall? typed;
    private int calls;

    private DelegateHandler(string name, MethodInfo method, object? boundTo, HandlerParameter[] parameters, HandlerArguments arguments, ReturnValue returnValue, HandlerJson json)
        : base(name, arguments.ContentTypes)
    {
        this.method = method;
        invoker = MethodInvoker.Create(method);
        hasBoundFirst = method.IsStatic && boundTo is not null;
        boundFirst = hasBoundFirst ? boundTo : null;
        target = method.IsStatic ? null : boundTo;
        this.parameters = parameters;
        this.arguments = arguments;
        this.returnValue = returnValue;
        this.json = json;
        items = ItemSequence.For(method.ReturnType, json);
    }

    public override bool YieldsItems => items is not null;

    /// <exception cref="ArgumentException">The handler has a parameter or a return type that cannot travel.</exception>
    public static DelegateHandler Create(string name, Delegate handler, HandlerServices services)
    {
        if (!handler.HasSingleTarget)
        {
            throw new ArgumentException($"the handler of task \"{name}\" is made of several delegates; map one", nameof(handler));
        }

        return Create(name, handler.Method, handler.Target, services);
    }

    /// <param name="name">The task's.</param>
    /// <param name="method">What is called.</param>
    /// <param name="boundTo">The object it is called on, or the first argument of a static method.</param>
    /// <param name="services">Which parameters are services.</param>
    /// <exception cref="ArgumentException">The method has a parameter or a return type that cannot travel.</exception>
    public static DelegateHandler Create(string name, MethodInfo method, object? boundTo, HandlerServices services)
    {
        var skip = method.IsStatic && boundTo is not null ? 1 : 0;
        var parameters = method.GetParameters().Skip(skip).Select(p => new HandlerParameter(p, services)).ToArray();
        foreach (var parameter in parameters)
        {
            if (parameter.Type.IsByRef || parameter.Type.IsPointer || parameter.Type.IsByRefLike)
            {
                throw new ArgumentException($"parameter \"{parameter}\" of task \"{name}\" cannot be read from a payload", nameof(method));
            }
        }

        var arguments = new HandlerArguments(name, parameters);
        var returnValue = ReturnValue.For(method.ReturnType);
        if (returnValue.Type is { } type && (type.IsByRef || type.IsPointer || type.IsByRefLike))
        {
            throw new ArgumentException($"task \"{name}\" returns {type.Name}, which cannot be written as one result", nameof(method));
        }

        if (returnValue.Type is { } later && later != method.ReturnType && IsAsyncSequence(later))
        {
            throw new ArgumentException($"task \"{name}\" returns a task of {later.Name}, which cannot be written as one result; return the sequence itself", nameof(method));
        }

        if (returnValue.Type is { } written)
        {
            services.Json.Require(ItemSequence.TypeOf(written) ?? written, name, "the result");
        }

        return new DelegateHandler(name, method, boundTo, parameters, arguments, returnValue, services.Json);
    }

    public override TaskResult Run(TaskRun run, CancellationToken cancellationToken)
    {
        if (typed is { } compiled && IsJson(run.ContentType) && compiled.TryRun(run, cancellationToken, out var straight))
        {
            return straight;
        }

        if (items is null && calls < CompiledAfter && Interlocked.Increment(ref calls) == CompiledAfter && RuntimeFeature.IsDynamicCodeCompiled)
        {
            ThreadPool.UnsafeQueueUserWorkItem(static handler => handler.typed = TypedCall.TryCompile(handler.method, handler.boundFirst ?? handler.target, handler.parameters, handler.returnValue, handler.json), this, preferLocal: false);
        }

        var values = new object?[parameters.Length + (hasBoundFirst ? 1 : 0)];
        var bound = values.AsSpan(hasBoundFirst ? 1 : 0);
        if (hasBoundFirst)
        {
            values[0] = boundFirst;
        }

        for (var i = 0; i < parameters.Length; i++)
        {
            bound[i] = parameters[i].Source switch
            {
                ParameterSource.Context => run,
                ParameterSource.Token => cancellationToken,
                ParameterSource.Service => parameters[i].Service(run),
                _ => null,
            };
        }

        Read(run, bound);
        object? result;
        try
        {
            result = returnValue.From(invoker.Invoke(target, values.AsSpan()));
        }
        catch (TargetInvocationException e) when (e.InnerException is not null)
        {
            ExceptionDispatchInfo.Throw(e.InnerException);
            throw;
        }

        if (items is not null)
        {
            return items.Deliver(result, run, cancellationToken);
        }

        try
        {
            return Write(result);
        }
        catch (Exception e)
        {
            throw new ResultNotWritableException(e);
        }
    }

    public override void Close(HandlerServices services) => arguments.Close(services);

    private static bool IsAsyncSequence(Type type) => type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IAsyncEnumerable<>);

    private void Read(TaskRun run, Span<object?> values)
    {
        var contentType = run.ContentType;
        var payload = run.Payload;
        if (arguments.All is [{ IsBytes: true } bytes] && Is(contentType, ContentType.Bytes))
        {
            values[Array.IndexOf(parameters, bytes)] = bytes.Type == typeof(byte[]) ? payload.ToByteArray() : (object)payload.Memory;
        }
        else if (arguments.All is [{ IsMessage: true } message])
        {
            values[Array.IndexOf(parameters, message)] = Is(contentType, ContentType.Protobuf)
                ? ReadMessage(message, payload)
                : throw UnknownContentType(contentType.Length == 0 ? ContentType.Json : contentType);
        }
        else if (IsJson(contentType))
        {
            ReadJson(payload, values);
        }
        else
        {
            throw UnknownContentType(contentType);
        }
    }

    private object ReadMessage(HandlerParameter parameter, ByteString payload)
    {
        try
        {
            var message = (IMessage)Activator.CreateInstance(parameter.Type)!;
            message.MergeFrom(payload);
            return message;
        }
        catch (InvalidProtocolBufferException e)
        {
            throw new BadInputException($"the payload of task \"{Name}\" is not a {parameter.Type.Name}: {e.Message}", e);
        }
    }

    private void ReadJson(ByteString payload, Span<object?> values)
    {
        if (payload.IsEmpty)
        {
            throw new BadInputException($"{arguments.Expectation}; the payload is empty");
        }

        var reader = new Utf8JsonReader(payload.Span);
        HandlerParameter? at = null;
        try
        {
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartArray)
            {
                throw new BadInputException($"{arguments.Expectation}; the payload is not an array");
            }

            var given = 0;

            // A value may be an array itself, so the token type alone does not say that ours has ended.
            var ended = false;
            for (var i = 0; i < parameters.Length; i++)
            {
                at = parameters[i];
                if (at.Source != ParameterSource.Argument)
                {
                    continue;
                }

                if (!ended)
                {
                    reader.Read();
                    ended = reader.TokenType == JsonTokenType.EndArray;
                }

                if (!ended)
                {
                    values[i] = JsonSerializer.Deserialize(ref reader, at.TypeInfo());
                    given++;
                }
                else if (at.IsOptional)
                {
                    values[i] = at.Default;
                }
                else
                {
                    throw new BadInputException($"{arguments.Expectation}; got {given}");
                }
            }

            at = null;
            if (!ended && reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            {
                throw new BadInputException($"{arguments.Expectation}; got more");
            }

            if (reader.Read())
            {
                throw new BadInputException($"{arguments.Expectation}; something follows the array");
            }
        }
        catch (Exception e) when (e is not BadInputException)
        {
            // A converter of the user's may throw anything; in every case the payload is what could not be read.
            var which = at is null ? "the payload" : $"argument \"{at}\"";
            throw new BadInputException($"{arguments.Expectation}; {which} could not be read: {RemoteErrors.MessageOf(e)}", e);
        }
    }

    private TaskResult Write(object? result) => result switch
    {
        _ when returnValue.Type is null => TaskResult.Nothing,
        byte[] bytes => new TaskResult(Wrap(bytes), ContentType.Bytes),
        ReadOnlyMemory<byte> bytes => new TaskResult(Wrap(bytes), ContentType.Bytes),
        Memory<byte> bytes => new TaskResult(Wrap(bytes), ContentType.Bytes),
        IMessage message => new TaskResult(message.ToByteString(), ContentType.Protobuf),
        _ => new TaskResult(Wrap(JsonSerializer.SerializeToUtf8Bytes(result, json.TypeInfo(returnValue.Type))), ContentType.Json),
    };
}
