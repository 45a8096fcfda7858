using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Google.Protobuf;

namespace WorkerHost.Worker;

/// <summary>
/// Draws the items out of what a handler returned, blocking its lane: one by one to a caller who takes them so, never further ahead than
/// there is room for; else all of them into one JSON array.
/// </summary>
internal abstract class ItemSequence
{
    public abstract TaskResult Deliver(object? sequence, TaskRun run, CancellationToken cancellationToken);

    /// <summary>Of the items; null: what a method of this type returns is one value. Only these two: a list is a value, and is there as a whole.</summary>
    public static Type? TypeOf(Type returned) =>
        returned.IsGenericType && returned.GetGenericTypeDefinition() is var generic && (generic == typeof(IAsyncEnumerable<>) || generic == typeof(IEnumerable<>))
            ? returned.GetGenericArguments()[0]
            : null;

    /// <summary>Null: what a method of this type returns is one value.</summary>
    [RequiresDynamicCode("makes a generic type for the items")]
    [UnconditionalSuppressMessage("Trimming", "IL2055", Justification = "The generic type made here has no requirements on its argument.")]
    public static ItemSequence? For(Type returned, HandlerJson json) => TypeOf(returned) is { } type
        ? ((Maker)Activator.CreateInstance(typeof(Maker<>).MakeGenericType(type))!).Make(json)
        : null;

    private abstract class Maker
    {
        public abstract ItemSequence Make(HandlerJson json);
    }

    private sealed class Maker<T> : Maker
    {
        public override ItemSequence Make(HandlerJson json) => new ItemSequence<T>(ItemWriter<T>.For(json));
    }
}

/// <inheritdoc/>
internal sealed class ItemSequence<T>(ItemWriter<T> writer) : ItemSequence
{
    public override TaskResult Deliver(object? sequence, TaskRun run, CancellationToken cancellationToken)
    {
        var all = sequence switch
        {
            IAsyncEnumerable<T> items => Blocking(items, cancellationToken),
            IEnumerable<T> items => items,
            _ => throw new InvalidOperationException("the handler returned null instead of a sequence"),
        };

        // Disposing of it runs what the handler has in its finally blocks.
        using var each = all.GetEnumerator();
        return run.Output is { TakesItems: true } output ? OneByOne(each, output, run, cancellationToken) : Collected(each, run, cancellationToken);
    }

    private TaskResult OneByOne(IEnumerator<T> each, TaskOutput output, TaskRun run, CancellationToken cancellationToken)
    {
        while (true)
        {
            // First the room: nothing is made that could not be sent.
            output.AwaitRoom(cancellationToken);
            if (!each.MoveNext())
            {
                return new TaskResult(ByteString.Empty, writer.ContentType);
            }

            run.Yield(Written(each.Current), writer.ContentType);
        }
    }

    private TaskResult Collected(IEnumerator<T> each, TaskRun run, CancellationToken cancellationToken)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(buffer);
        json.WriteStartArray();

        // One that is too long is refused as any result is; an endless one must not fill the memory before that.
        while (json.BytesCommitted + json.BytesPending <= run.MaxResultBytes && each.MoveNext())
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                writer.WriteJson(json, each.Current);
            }
            catch (Exception e)
            {
                throw new ResultNotWritableException(e);
            }
        }

        json.WriteEndArray();
        json.Flush();
        return new TaskResult(UnsafeByteOperations.UnsafeWrap(buffer.WrittenMemory), ContentType.Json);
    }

    private ByteString Written(T item)
    {
        try
        {
            return writer.Write(item);
        }
        catch (Exception e)
        {
            throw new ResultNotWritableException(e);
        }
    }

    private static IEnumerable<T> Blocking(IAsyncEnumerable<T> items, CancellationToken cancellationToken)
    {
        var each = items.GetAsyncEnumerator(cancellationToken);
        try
        {
            while (Wait(each.MoveNextAsync()))
            {
                yield return each.Current;
            }
        }
        finally
        {
            Wait(each.DisposeAsync());
        }
    }

    private static bool Wait(ValueTask<bool> moving) => moving.IsCompleted ? moving.GetAwaiter().GetResult() : moving.AsTask().GetAwaiter().GetResult();

    private static void Wait(ValueTask disposing)
    {
        if (disposing.IsCompleted)
        {
            disposing.GetAwaiter().GetResult();
        }
        else
        {
            disposing.AsTask().GetAwaiter().GetResult();
        }
    }
}
