using System.Collections.Concurrent;
using System.Reflection;

namespace WorkerHost;

/// <summary>
/// The task's name of a function: its type's full name and its own, joined by a dot. Both sides have to come to the same one. Thread-safe.
/// </summary>
internal static class FunctionName
{
    private static readonly ConcurrentDictionary<MethodInfo, string> Known = new();

    /// <summary>Of a static method as a caller passes it.</summary>
    /// <exception cref="ArgumentException">It is no static method of a type, so no other process can find it; says what it is and what to do.</exception>
    public static string Of(Delegate function)
    {
        ArgumentNullException.ThrowIfNull(function);

        // What is known of a method says nothing of a delegate that holds more than it.
        return function.Target is null && function.HasSingleTarget
            ? Known.GetOrAdd(function.Method, static (method, f) => Find(method, f), function)
            : Find(function.Method, function);
    }

    /// <exception cref="ArgumentException">It is generic: its name says not enough.</exception>
    public static string Of(MethodInfo method) =>
        method.IsGenericMethod || method.DeclaringType is not { IsGenericType: false } type
            ? throw new ArgumentException($"{Shown(method)} is generic, and its name alone does not say for which types; make a method of it that is not", nameof(method))
            : $"{type.FullName!.Replace('+', '.')}.{method.Name}";

    private static string Find(MethodInfo method, Delegate function)
    {
        var what =
            !function.HasSingleTarget ? "made of several delegates"
            : method.Name.StartsWith('<') ? method.Name.Contains("g__", StringComparison.Ordinal) ? "a local function" : "a lambda"
            : !method.IsStatic ? "an instance method"
            : function.Target is not null ? "a method with its first argument bound"
            : null;
        return what is null
            ? Of(method)
            : throw new ArgumentException(
                $"{Shown(method)} is {what}, which another process cannot find. Make it a public static method of a type that the worker maps with MapTasks(typeof(…)), "
                + "or map it there under a name with MapTask and submit that name",
                nameof(function));
    }

    // <Main>b__0_1 is in Main, in a type the compiler made inside of the user's.
    private static string Shown(MethodInfo method)
    {
        var type = method.DeclaringType;
        while (type is { IsNested: true } && type.Name.StartsWith('<'))
        {
            type = type.DeclaringType;
        }

        // With the types that it was made for it would be a line of assemblies and versions.
        var named = type is { IsConstructedGenericType: true } ? type.GetGenericTypeDefinition().FullName : type?.FullName;
        var end = method.Name.IndexOf('>', StringComparison.Ordinal);
        return method.Name.StartsWith('<') && end > 0 ? $"{method.Name} (in {named}.{method.Name[1..end]})" : $"{named}.{method.Name}";
    }
}
