using System.Diagnostics.CodeAnalysis;

namespace WorkerHost.Worker;

/// <summary>Gets from what a method returned to its value: a value as it is, a task's result, or nothing.</summary>
internal abstract class ReturnValue
{
    /// <summary>Null: there is no value.</summary>
    public abstract Type? Type { get; }

    public abstract object? From(object? returned);

    [RequiresDynamicCode("makes a generic type for the method's return type")]
    [UnconditionalSuppressMessage("Trimming", "IL2055", Justification = "The generic types made here have no requirements on their argument.")]
    public static ReturnValue For(Type declared)
    {
        if (declared == typeof(void))
        {
            return new Nothing(static _ => { });
        }

        if (declared == typeof(Task))
        {
            return new Nothing(static returned => ((Task)returned!).GetAwaiter().GetResult());
        }

        if (declared == typeof(ValueTask))
        {
            return new Nothing(static returned => ((ValueTask)returned!).AsTask().GetAwaiter().GetResult());
        }

        if (declared.IsGenericType && declared.GetGenericTypeDefinition() is var generic
            && (generic == typeof(Task<>) || generic == typeof(ValueTask<>)))
        {
            var made = (generic == typeof(Task<>) ? typeof(OfTask<>) : typeof(OfValueTask<>)).MakeGenericType(declared.GetGenericArguments());
            return (ReturnValue)Activator.CreateInstance(made)!;
        }

        return new Plain(declared);
    }

    private sealed class Nothing(Action<object?> wait) : ReturnValue
    {
        public override Type? Type => null;

        public override object? From(object? returned)
        {
            wait(returned);
            return null;
        }
    }

    private sealed class Plain(Type type) : ReturnValue
    {
        public override Type Type => type;

        public override object? From(object? returned) => returned;
    }

    private sealed class OfTask<T> : ReturnValue
    {
        public override Type Type => typeof(T);

        public override object? From(object? returned) => ((Task<T>)returned!).GetAwaiter().GetResult();
    }

    private sealed class OfValueTask<T> : ReturnValue
    {
        public override Type Type => typeof(T);

        public override object? From(object? returned) => ((ValueTask<T>)returned!).AsTask().GetAwaiter().GetResult();
    }
}
