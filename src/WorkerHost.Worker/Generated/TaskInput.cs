using System.ComponentModel;
using System.Text.Json;
using Google.Protobuf;
using WorkerHost.Worker;

namespace WorkerHost.Generated;

/// <summary>What a task brings along, read in the order of its handler's parameters. For generated code.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public ref struct TaskInput
{
    private readonly TaskRun run;
    private readonly HandlerArguments arguments;
    private readonly bool isJson;
    private Utf8JsonReader reader;
    private int given;

    // A value may be an array itself, so the token type alone does not say that ours has ended.
    private bool ended;

    internal TaskInput(TaskRun run, HandlerArguments arguments, bool isJson, CancellationToken token)
    {
        this.run = run;
        this.arguments = arguments;
        this.isJson = isJson;
        Token = token;
        if (isJson)
        {
            Begin();
        }
    }

    /// <summary>For a parameter of its type.</summary>
    public readonly TaskContext Context => run;

    /// <summary>For a parameter of its type.</summary>
    public CancellationToken Token { get; }

    /// <summary>Blocks the lane until an asynchronous handler is done.</summary>
    /// <param name="task">What it returned.</param>
    public static void Wait(Task task) => task.GetAwaiter().GetResult();

    /// <inheritdoc cref="Wait(Task)"/>
    public static T Wait<T>(Task<T> task) => task.GetAwaiter().GetResult();

    /// <inheritdoc cref="Wait(Task)"/>
    public static void Wait(ValueTask task) => task.AsTask().GetAwaiter().GetResult();

    /// <inheritdoc cref="Wait(Task)"/>
    public static T Wait<T>(ValueTask<T> task) => task.IsCompleted ? task.GetAwaiter().GetResult() : task.AsTask().GetAwaiter().GetResult();

    /// <summary>The value of the next parameter that is neither a context nor a token.</summary>
    /// <typeparam name="T">The parameter's.</typeparam>
    /// <param name="parameter">Which that is.</param>
    public T Next<T>(TaskParameter<T> parameter)
    {
        ArgumentNullException.ThrowIfNull(parameter);
        return parameter.Facts.Source == ParameterSource.Service ? (T)parameter.Facts.Service(run)
            : isJson ? Read(parameter)
            : parameter.Facts.IsMessage ? ReadMessage(parameter)
            : Bytes<T>(run.Payload);
    }

    /// <summary>There are no more parameters: says so to a caller who gave more.</summary>
    public void End()
    {
        if (!isJson)
        {
            return;
        }

        try
        {
            if (!ended && reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            {
                throw new BadInputException($"{arguments.Expectation}; got more");
            }

            if (reader.Read())
            {
                throw new BadInputException($"{arguments.Expectation}; something follows the array");
            }
        }
        catch (JsonException e)
        {
            throw Unreadable("the payload", e);
        }
    }

    private static T Bytes<T>(ByteString payload) => typeof(T) == typeof(byte[]) ? (T)(object)payload.ToByteArray() : (T)(object)payload.Memory;

    private void Begin()
    {
        var payload = run.Payload;
        if (payload.IsEmpty)
        {
            throw new BadInputException($"{arguments.Expectation}; the payload is empty");
        }

        reader = new Utf8JsonReader(payload.Span);
        try
        {
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartArray)
            {
                throw new BadInputException($"{arguments.Expectation}; the payload is not an array");
            }
        }
        catch (JsonException e)
        {
            throw Unreadable("the payload", e);
        }
    }

    private T Read<T>(TaskParameter<T> parameter)
    {
        try
        {
            if (!ended)
            {
                reader.Read();
                ended = reader.TokenType == JsonTokenType.EndArray;
            }

            if (!ended)
            {
                given++;
                return JsonSerializer.Deserialize(ref reader, parameter.Json)!;
            }
        }
        catch (Exception e)
        {
            // A converter of the user's may throw anything; in every case the payload is what could not be read.
            throw Unreadable($"argument \"{parameter.Facts}\"", e);
        }

        return parameter.IsOptional ? parameter.Default! : throw new BadInputException($"{arguments.Expectation}; got {given}");
    }

    private readonly T ReadMessage<T>(TaskParameter<T> parameter)
    {
        try
        {
            return parameter.Parse(run.Payload);
        }
        catch (InvalidProtocolBufferException e)
        {
            throw new BadInputException($"the payload of task \"{run.Handler!.Name}\" is not a {typeof(T).Name}: {e.Message}", e);
        }
    }

    private readonly BadInputException Unreadable(string what, Exception e) =>
        new($"{arguments.Expectation}; {what} could not be read: {RemoteErrors.MessageOf(e)}", e);
}
