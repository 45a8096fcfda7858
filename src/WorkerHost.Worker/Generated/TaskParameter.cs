using System.ComponentModel;
using System.Text.Json.Serialization.Metadata;
using Google.Protobuf;
using WorkerHost.Worker;

namespace WorkerHost.Generated;

/// <summary>One parameter of a handler, as the compiler sees it. For generated code; one object for one task.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public abstract class TaskParameter
{
    private protected TaskParameter()
    {
    }

    /// <summary>The parameter has <c>[FromKeyedServices]</c>.</summary>
    public bool IsKeyed { get; init; }

    /// <summary>The key there; null: a service without one.</summary>
    public object? ServiceKey { get; init; }

    internal HandlerParameter Facts { get; private protected set; } = null!;

    internal abstract void Bind(HandlerServices services);
}

/// <inheritdoc/>
/// <typeparam name="T">Of its values.</typeparam>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class TaskParameter<T> : TaskParameter
{
    private readonly string name;
    private JsonTypeInfo<T>? json;

    /// <summary>One that every caller gives.</summary>
    /// <param name="name">In the handler's code.</param>
    public TaskParameter(string name) => this.name = name;

    /// <summary>One that callers may leave out.</summary>
    /// <param name="name">In the handler's code.</param>
    /// <param name="defaultValue">What the handler gets then.</param>
    public TaskParameter(string name, T defaultValue)
        : this(name)
    {
        IsOptional = true;
        Default = defaultValue;
    }

    /// <summary>Makes an empty one, where it is a protobuf message.</summary>
    public Func<T>? Empty { get; init; }

    internal bool IsOptional { get; }

    internal T? Default { get; }

    internal JsonTypeInfo<T> Json => json ??= (JsonTypeInfo<T>)Facts.TypeInfo();

    internal override void Bind(HandlerServices services) =>
        Facts = new HandlerParameter(name, typeof(T), IsOptional, Default, IsKeyed, ServiceKey, services);

    /// <exception cref="InvalidProtocolBufferException">These bytes are no such message.</exception>
    internal T Parse(ByteString payload)
    {
        var message = Empty!();
        ((IMessage)message!).MergeFrom(payload);
        return message;
    }
}
