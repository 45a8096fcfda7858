using System.Diagnostics.CodeAnalysis;
using System.Linq.Expressions;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Google.Protobuf;

namespace WorkerHost.Worker;

/// <summary>
/// The way of a handler that is called again and again: compiled for its types, without boxing and reflection. It knows only the
/// straight case, JSON in and JSON out with every argument there; for all else, errors above all, it says so and the handler's own
/// way is taken from the beginning.
/// </summary>
[RequiresUnreferencedCode("Compiles a call for types found by reflection.")]
[RequiresDynamicCode("Compiles a call for types found by reflection.")]
internal abstract class TypedCall
{
    private const int MostArguments = 4;

    /// <summary>Null: this method has no such way. Never throws: without it everything works as well.</summary>
    public static TypedCall? TryCompile(MethodInfo method, object? target, HandlerParameter[] parameters, ReturnValue returnValue, HandlerJson json)
    {
        try
        {
            return Compile(method, target, parameters, returnValue, json);
        }
        catch (Exception)
        {
            return null;
        }
    }

    /// <summary>False: it is not the straight case, and nothing was called.</summary>
    public abstract bool TryRun(TaskRun run, CancellationToken cancellationToken, out TaskResult result);

    private static TypedCall? Compile(MethodInfo method, object? target, HandlerParameter[] parameters, ReturnValue returnValue, HandlerJson json)
    {
        var arguments = parameters.Where(static p => p.Source == ParameterSource.Argument).ToArray();
        if (arguments.Length > MostArguments || Array.Exists(arguments, static a => a.IsBytes || a.IsMessage)
            || returnValue.Type is { } result && (result == typeof(byte[]) || result == typeof(ReadOnlyMemory<byte>) || result == typeof(Memory<byte>) || typeof(IMessage).IsAssignableFrom(result) || result == typeof(object)))
        {
            return null;
        }

        Type[] types = [.. arguments.Select(static a => a.Type), .. Enumerable.Repeat(typeof(Absent), MostArguments - arguments.Length)];
        var inputs = types.Select(Expression.Parameter).ToArray();
        var run = Expression.Parameter(typeof(TaskRun));
        var token = Expression.Parameter(typeof(CancellationToken));
        var next = 0;
        var given = parameters.Select((p, i) => p.Source switch
        {
            ParameterSource.Context => (Expression)run,
            ParameterSource.Token => token,
            ParameterSource.Service => Expression.Convert(Expression.Call(Expression.Constant(p), nameof(HandlerParameter.Service), null, run), p.Type),
            _ => inputs[next++],
        }).ToList();
        if (method.IsStatic && target is not null)
        {
            given.Insert(0, Expression.Constant(target, method.GetParameters()[0].ParameterType));
        }

        var call = Expression.Call(method.IsStatic ? null : Expression.Constant(target), method, given);
        var type = returnValue.Type ?? typeof(Absent);
        Type[] all = [.. types, typeof(TaskRun), typeof(CancellationToken), type];
        var compiled = Expression.Lambda(Expression.GetFuncType(all), Waited(call, returnValue), [.. inputs, run, token]).Compile();
        return (TypedCall)Activator.CreateInstance(typeof(Of<,,,,>).MakeGenericType([.. types, type]), compiled, json)!;
    }

    private static Expression Waited(Expression call, ReturnValue returnValue)
    {
        var declared = call.Type;
        if (returnValue.Type is { } type)
        {
            return declared == type ? call : Expression.Call(typeof(Wait), nameof(Wait.For), [type], call);
        }

        Expression waited = declared == typeof(void) ? call : Expression.Call(typeof(Wait), nameof(Wait.For), null, call);
        return Expression.Block(waited, Expression.Default(typeof(Absent)));
    }

    /// <summary>Blocks the lane until an asynchronous handler is done.</summary>
    private static class Wait
    {
        public static T For<T>(Task<T> task) => task.GetAwaiter().GetResult();

        public static T For<T>(ValueTask<T> task) => task.IsCompleted ? task.GetAwaiter().GetResult() : task.AsTask().GetAwaiter().GetResult();

        public static void For(Task task) => task.GetAwaiter().GetResult();

        public static void For(ValueTask task) => task.AsTask().GetAwaiter().GetResult();
    }

    /// <summary>Stands for an argument or a result that is not there.</summary>
    private readonly struct Absent;

    [RequiresUnreferencedCode("Compiles a call for types found by reflection.")]
    [RequiresDynamicCode("Compiles a call for types found by reflection.")]
    private sealed class Of<T1, T2, T3, T4, TResult>(Func<T1, T2, T3, T4, TaskRun, CancellationToken, TResult> call, HandlerJson json) : TypedCall
    {
        private readonly JsonTypeInfo<T1>? first = Info<T1>(json);
        private readonly JsonTypeInfo<T2>? second = Info<T2>(json);
        private readonly JsonTypeInfo<T3>? third = Info<T3>(json);
        private readonly JsonTypeInfo<T4>? fourth = Info<T4>(json);
        private readonly JsonTypeInfo<TResult>? returned = Info<TResult>(json);

        public override bool TryRun(TaskRun run, CancellationToken cancellationToken, out TaskResult result)
        {
            if (!TryRead(run.Payload.Span, out var a, out var b, out var c, out var d))
            {
                result = default;
                return false;
            }

            var value = call(a!, b!, c!, d!, run, cancellationToken);
            result = Write(value);
            return true;
        }

        private static JsonTypeInfo<T>? Info<T>(HandlerJson json) => typeof(T) == typeof(Absent) ? null : (JsonTypeInfo<T>)json.TypeInfo(typeof(T));

        private bool TryRead(ReadOnlySpan<byte> payload, [MaybeNull] out T1 a, [MaybeNull] out T2 b, [MaybeNull] out T3 c, [MaybeNull] out T4 d)
        {
            (a, b, c, d) = (default, default, default, default);
            var reader = new Utf8JsonReader(payload);
            try
            {
                return reader.Read() && reader.TokenType == JsonTokenType.StartArray
                    && Next(ref reader, first, out a) && Next(ref reader, second, out b) && Next(ref reader, third, out c) && Next(ref reader, fourth, out d)
                    && reader.Read() && reader.TokenType == JsonTokenType.EndArray && !reader.Read();
            }
            catch (Exception)
            {
                // A converter of the user's may throw anything. The handler's own way reads it once more and says what is wrong.
                return false;
            }
        }

        private static bool Next<T>(ref Utf8JsonReader reader, JsonTypeInfo<T>? info, [MaybeNull] out T value)
        {
            value = default;
            if (info is null)
            {
                return true;
            }

            if (!reader.Read() || reader.TokenType == JsonTokenType.EndArray)
            {
                return false;
            }

            value = JsonSerializer.Deserialize(ref reader, info);
            return true;
        }

        private TaskResult Write(TResult value)
        {
            if (returned is null)
            {
                return TaskResult.Nothing;
            }

            var scratch = JsonScratch.Take();
            try
            {
                JsonSerializer.Serialize(scratch.Writer, value, returned);
            }
            catch (Exception e)
            {
                throw new ResultNotWritableException(e);
            }

            return new TaskResult(UnsafeByteOperations.UnsafeWrap(scratch.GiveBack()), ContentType.Json);
        }
    }
}
