using System.Text;

namespace WorkerHost.Client.Tests;

/// <summary>
/// Writes the overloads that take functions. The compiler infers the types of a method group only from a parameter of its very
/// shape, so each shape has an overload: nothing, a value or a task of either, with 0 to 4 arguments, with and without a token.
/// </summary>
internal static class FunctionOverloads
{
    private const string Unreferenced = """
            [RequiresUnreferencedCode(Client.JsonPayload.ReflectionWarning)]
            [RequiresDynamicCode(Client.JsonPayload.ReflectionWarning)]

        """;

    private static readonly (string Returns, bool HasResult)[] Shapes =
    [
        ("void", false), ("Task", false), ("ValueTask", false), ("TResult", true), ("Task<TResult>", true), ("ValueTask<TResult>", true),
    ];

    public static string Write()
    {
        var text = new StringBuilder("""
            // Written by FunctionOverloads in the tests; FunctionOverloadTests compares, and writes it anew with WORKERHOST_WRITE_OVERLOADS=1.
            #nullable enable
            using System.Diagnostics.CodeAnalysis;

            namespace WorkerHost;

            /// <summary>Functions as tasks.</summary>
            public sealed partial class WorkerPool
            {

            """);
        foreach (var (returns, hasResult) in Shapes)
        {
            for (var arguments = 0; arguments <= 4; arguments++)
            {
                Submit(text, returns, hasResult, arguments, token: false);
                Submit(text, returns, hasResult, arguments, token: true);
            }
        }

        foreach (var returns in new[] { "IAsyncEnumerable<T>", "IEnumerable<T>" })
        {
            for (var arguments = 0; arguments <= 4; arguments++)
            {
                Stream(text, returns, arguments, token: false);
                Stream(text, returns, arguments, token: true);
            }
        }

        foreach (var (returns, _) in Shapes.Where(static s => s.HasResult))
        {
            foreach (var items in new[] { "IEnumerable<TItem>", "IAsyncEnumerable<TItem>" })
            {
                Map(text, returns, items, token: false);
                Map(text, returns, items, token: true);
            }
        }

        return text.Remove(text.Length - 1, 1).Append("}\n").ToString();
    }

    private static void Submit(StringBuilder text, string returns, bool hasResult, int arguments, bool token)
    {
        string[] types = [.. Enumerable.Range(1, arguments).Select(static i => $"T{i}")];
        var function = Function([.. types], returns, token);
        string[] generics = hasResult ? [.. types, "TResult"] : types;
        var isFirst = returns == "TResult" && arguments == 1 && !token;
        if (isFirst)
        {
            text.Append("""
                    /// <summary>
                    /// Has a function called in a worker: <c>pool.Submit(FileTasks.Sha256, path)</c>. It is named by what it is, a public static
                    /// method of a type that the worker maps with <c>MapTasks(typeof(FileTasks))</c>; its arguments and its result travel as JSON, bytes and
                    /// protobuf messages as they are. A cancellation token is never sent: the function's own is cancelled when the task is, by
                    /// whatever means.
                    /// </summary>
                    /// <param name="function">Static, not generic, neither a lambda nor a local function.</param>
                    /// <param name="argument1">Its argument. A cancellation token given as an argument cancels the task.</param>
                    /// <param name="options">Null: the defaults.</param>
                    /// <param name="cancellationToken">Cancels the task, as <see cref="TaskFuture.Cancel"/> does.</param>
                    /// <returns>At once; the future ends exactly once.</returns>
                    /// <exception cref="ArgumentException">No other process could find the function; the message says why and what to do.</exception>
                    /// <exception cref="TaskException">The task was not accepted and will not run, as with the other overloads.</exception>

                """);
        }
        else
        {
            text.Append("    /// <inheritdoc cref=\"Submit{T1, TResult}(Func{T1, TResult}, T1, TaskOptions?, CancellationToken)\"/>\n");
        }

        text.Append(Unreferenced);
        text.Append($"    public TaskFuture{(hasResult ? "<TResult>" : "")} Submit{Generic(generics)}({function} function, ");
        text.Append(string.Concat(types.Select(static (t, i) => $"{t} argument{i + 1}, ")));
        text.Append("TaskOptions? options = null, CancellationToken cancellationToken = default) =>\n");
        string[] given = [.. Enumerable.Range(1, 4).Select(i => i <= arguments ? $"argument{i}" : "default(Client.NoArgument)")];
        text.Append($"        SubmitFunction(function, {(hasResult ? "Client.JsonResult<TResult>.Reader" : "Client.NoResult.Reader")}, {string.Join(", ", given)}, options, cancellationToken);\n\n");
    }

    private static void Stream(StringBuilder text, string returns, int arguments, bool token)
    {
        string[] types = [.. Enumerable.Range(1, arguments).Select(static i => $"T{i}")];
        text.Append(returns == "IAsyncEnumerable<T>" && arguments == 1 && !token
            ? """
                    /// <summary>Has a function called that yields items, and gives them while it runs: <c>pool.Stream(FileTasks.Lines, path)</c>.</summary>
                    /// <typeparam name="T1">Its argument.</typeparam>
                    /// <typeparam name="T">What it yields.</typeparam>
                    /// <param name="function">As with <c>Submit</c>; it returns <c>IAsyncEnumerable&lt;T&gt;</c> or <c>IEnumerable&lt;T&gt;</c>.</param>
                    /// <param name="argument1">Its argument. A cancellation token given as an argument cancels the task.</param>
                    /// <param name="options">Null: the defaults.</param>
                    /// <param name="buffer">So many items may be ahead of the consumer, as with <c>Stream</c> by name; 1 or more, default 1000.</param>
                    /// <param name="cancellationToken">Cancels the task, as <see cref="TaskFuture.Cancel"/> does.</param>
                    /// <returns>At once; the task is submitted, whether its items are taken or not.</returns>
                    /// <exception cref="ArgumentException">No other process could find the function; the message says why and what to do.</exception>
                    /// <exception cref="TaskException">The task was not accepted and will not run, as with <c>Submit</c>.</exception>

                """
            : "    /// <inheritdoc cref=\"Stream{T1, T}(Func{T1, IAsyncEnumerable{T}}, T1, TaskOptions?, int, CancellationToken)\"/>\n");
        text.Append(Unreferenced);
        text.Append($"    public TaskStream<T> Stream{Generic([.. types, "T"])}({Function([.. types], returns, token)} function, ");
        text.Append(string.Concat(types.Select(static (t, i) => $"{t} argument{i + 1}, ")));
        text.Append("TaskOptions? options = null, int buffer = DefaultStreamBuffer, CancellationToken cancellationToken = default) =>\n");
        string[] given = [.. Enumerable.Range(1, 4).Select(i => i <= arguments ? $"argument{i}" : "default(Client.NoArgument)")];
        string[] all = [.. Enumerable.Range(1, 4).Select(i => i <= arguments ? $"T{i}" : "Client.NoArgument"), "T"];
        text.Append($"        StreamFunction<{string.Join(", ", all)}>(function, {string.Join(", ", given)}, options, buffer, cancellationToken);\n\n");
    }

    private static void Map(StringBuilder text, string returns, string items, bool token)
    {
        var isFirst = returns == "TResult" && items == "IEnumerable<TItem>" && !token;
        text.Append(isFirst
            ? """
                    /// <summary>Has a function called for each item, as <c>Map</c> by name does: <c>pool.Map(FileTasks.Sha256, paths)</c>.</summary>
                    /// <param name="function">As with <c>Submit</c>.</param>
                    /// <param name="items">Taken one by one, at most <paramref name="buffer"/> ahead of the consumer.</param>
                    /// <param name="options">For each task; null: the defaults. An <c>Id</c> is not allowed: it would be everyone's.</param>
                    /// <param name="buffer">1 or more; default 1000.</param>
                    /// <param name="ordered">False: each result comes as soon as its task has ended. Default true.</param>
                    /// <param name="cancellationToken">Stops, and cancels what is ahead.</param>
                    /// <exception cref="ArgumentException">No other process could find the function; the message says why and what to do.</exception>
                    /// <exception cref="TaskException">A task failed.</exception>

                """
            : "    /// <inheritdoc cref=\"Map{TItem, TResult}(Func{TItem, TResult}, IEnumerable{TItem}, TaskOptions?, int, bool, CancellationToken)\"/>\n");
        text.Append(Unreferenced);
        text.Append($"    public IAsyncEnumerable<TResult> Map<TItem, TResult>({Function(["TItem"], returns, token)} function, {items} items, TaskOptions? options = null, int buffer = DefaultMapBuffer, bool ordered = true, CancellationToken cancellationToken = default) =>\n");
        text.Append("        Map<TItem, TResult>(FunctionName.Of(function), items, options, buffer, ordered, cancellationToken);\n\n");
    }

    private static string Function(string[] types, string returns, bool token)
    {
        string[] all = token ? [.. types, "CancellationToken"] : types;
        return returns == "void" ? $"Action{Generic(all)}" : $"Func{Generic([.. all, returns])}";
    }

    private static string Generic(string[] types) => types.Length == 0 ? "" : $"<{string.Join(", ", types)}>";
}
