// Written by FunctionOverloads in the tests; FunctionOverloadTests compares, and writes it anew with WORKERHOST_WRITE_OVERLOADS=1.
#nullable enable
using System.Diagnostics.CodeAnalysis;

namespace WorkerHost;

/// <summary>Functions as tasks.</summary>
public sealed partial class WorkerPool
{
    /// <inheritdoc cref="Submit{T1, TResult}(Func{T1, TResult}, T1, TaskOptions?, CancellationToken)"/>
    [RequiresUnreferencedCode(Client.JsonPayload.ReflectionWarning)]
    [RequiresDynamicCode(Client.JsonPayload.ReflectionWarning)]
    public TaskFuture Submit(Action function, TaskOptions? options = null, CancellationToken cancellationToken = default) =>
        SubmitFunction(function, Client.NoResult.Reader, default(Client.NoArgument), default(Client.NoArgument), default(Client.NoArgument), default(Client.NoArgument), options, cancellationToken);

    /// <inheritdoc cref="Submit{T1, TResult}(Func{T1, TResult}, T1, TaskOptions?, CancellationToken)"/>
    [RequiresUnreferencedCode(Client.JsonPayload.ReflectionWarning)]
    [RequiresDynamicCode(Client.JsonPayload.ReflectionWarning)]
    public TaskFuture Submit(Action<CancellationToken> function, TaskOptions? options = null, CancellationToken cancellationToken = default) =>
        SubmitFunction(function, Client.NoResult.Reader, default(Client.NoArgument), default(Client.NoArgument), default(Client.NoArgument), default(Client.NoArgument), options, cancellationToken);

    /// <inheritdoc cref="Submit{T1, TResult}(Func{T1, TResult}, T1, TaskOptions?, CancellationToken)"/>
    [RequiresUnreferencedCode(Client.JsonPayload.ReflectionWarning)]
    [RequiresDynamicCode(Client.JsonPayload.ReflectionWarning)]
    public TaskFuture Submit<T1>(Action<T1> function, T1 argument1, TaskOptions? options = null, CancellationToken cancellationToken = default) =>
        SubmitFunction(function, Client.NoResult.Reader, argument1, default(Client.NoArgument), default(Client.NoArgument), default(Client.NoArgument), options, cancellationToken);

    /// <inheritdoc cref="Submit{T1, TResult}(Func{T1, TResult}, T1, TaskOptions?, CancellationToken)"/>
    [RequiresUnreferencedCode(Client.JsonPayload.ReflectionWarning)]
    [RequiresDynamicCode(Client.JsonPayload.ReflectionWarning)]
    public TaskFuture Submit<T1>(Action<T1, CancellationToken> function, T1 argument1, TaskOptions? options = null, CancellationToken cancellationToken = default) =>
        SubmitFunction(function, Client.NoResult.Reader, argument1, default(Client.NoArgument), default(Client.NoArgument), default(Client.NoArgument), options, cancellationToken);

    /// <inheritdoc cref="Submit{T1, TResult}(Func{T1, TResult}, T1, TaskOptions?, CancellationToken)"/>
    [RequiresUnreferencedCode(Client.JsonPayload.ReflectionWarning)]
    [RequiresDynamicCode(Client.JsonPayload.ReflectionWarning)]
    public TaskFuture Submit<T1, T2>(Action<T1, T2> function, T1 argument1, T2 argument2, TaskOptions? options = null, CancellationToken cancellationToken = default) =>
        SubmitFunction(function, Client.NoResult.Reader, argument1, argument2, default(Client.NoArgument), default(Client.NoArgument), options, cancellationToken);

    /// <inheritdoc cref="Submit{T1, TResult}(Func{T1, TResult}, T1, TaskOptions?, CancellationToken)"/>
    [RequiresUnreferencedCode(Client.JsonPayload.ReflectionWarning)]
    [RequiresDynamicCode(Client.JsonPayload.ReflectionWarning)]
    public TaskFuture Submit<T1, T2>(Action<T1, T2, CancellationToken> function, T1 argument1, T2 argument2, TaskOptions? options = null, CancellationToken cancellationToken = default) =>
        SubmitFunction(function, Client.NoResult.Reader, argument1, argument2, default(Client.NoArgument), default(Client.NoArgument), options, cancellationToken);

    /// <inheritdoc cref="Submit{T1, TResult}(Func{T1, TResult}, T1, TaskOptions?, CancellationToken)"/>
    [RequiresUnreferencedCode(Client.JsonPayload.ReflectionWarning)]
    [RequiresDynamicCode(Client.JsonPayload.ReflectionWarning)]
    public TaskFuture Submit<T1, T2, T3>(Action<T1, T2, T3> function, T1 argument1, T2 argument2, T3 argument3, TaskOptions? options = null, CancellationToken cancellationToken = default) =>
        SubmitFunction(function, Client.NoResult.Reader, argument1, argument2, argument3, default(Client.NoArgument), options, cancellationToken);

    /// <inheritdoc cref="Submit{T1, TResult}(Func{T1, TResult}, T1, TaskOptions?, CancellationToken)"/>
    [RequiresUnreferencedCode(Client.JsonPayload.ReflectionWarning)]
    [RequiresDynamicCode(Client.JsonPayload.ReflectionWarning)]
    public TaskFuture Submit<T1, T2, T3>(Action<T1, T2, T3, CancellationToken> function, T1 argument1, T2 argument2, T3 argument3, TaskOptions? options = null, CancellationToken cancellationToken = default) =>
        SubmitFunction(function, Client.NoResult.Reader, argument1, argument2, argument3, default(Client.NoArgument), options, cancellationToken);

    /// <inheritdoc cref="Submit{T1, TResult}(Func{T1, TResult}, T1, TaskOptions?, CancellationToken)"/>
    [RequiresUnreferencedCode(Client.JsonPayload.ReflectionWarning)]
    [RequiresDynamicCode(Client.JsonPayload.ReflectionWarning)]
    public TaskFuture Submit<T1, T2, T3, T4>(Action<T1, T2, T3, T4> function, T1 argument1, T2 argument2, T3 argument3, T4 argument4, TaskOptions? options = null, CancellationToken cancellationToken = default) =>
        SubmitFunction(function, Client.NoResult.Reader, argument1, argument2, argument3, argument4, options, cancellationToken);

    /// <inheritdoc cref="Submit{T1, TResult}(Func{T1, TResult}, T1, TaskOptions?, CancellationToken)"/>
    [RequiresUnreferencedCode(Client.JsonPayload.ReflectionWarning)]
    [RequiresDynamicCode(Client.JsonPayload.ReflectionWarning)]
    public TaskFuture Submit<T1, T2, T3, T4>(Action<T1, T2, T3, T4, CancellationToken> function, T1 argument1, T2 argument2, T3 argument3, T4 argument4, TaskOptions? options = null, CancellationToken cancellationToken = default) =>
        SubmitFunction(function, Client.NoResult.Reader, argument1, argument2, argument3, argument4, options, cancellationToken);

    /// <inheritdoc cref="Submit{T1, TResult}(Func{T1, TResult}, T1, TaskOptions?, CancellationToken)"/>
    [RequiresUnreferencedCode(Client.JsonPayload.ReflectionWarning)]
    [RequiresDynamicCode(Client.JsonPayload.ReflectionWarning)]
    public TaskFuture Submit(Func<Task> function, TaskOptions? options = null, CancellationToken cancellationToken = default) =>
        SubmitFunction(function, Client.NoResult.Reader, default(Client.NoArgument), default(Client.NoArgument), default(Client.NoArgument), default(Client.NoArgument), options, cancellationToken);

    /// <inheritdoc cref="Submit{T1, TResult}(Func{T1, TResult}, T1, TaskOptions?, CancellationToken)"/>
    [RequiresUnreferencedCode(Client.JsonPayload.ReflectionWarning)]
    [RequiresDynamicCode(Client.JsonPayload.ReflectionWarning)]
    public TaskFuture Submit(Func<CancellationToken, Task> function, TaskOptions? options = null, CancellationToken cancellationToken = default) =>
        SubmitFunction(function, Client.NoResult.Reader, default(Client.NoArgument), default(Client.NoArgument), default(Client.NoArgument), default(Client.NoArgument), options, cancellationToken);

    /// <inheritdoc cref="Submit{T1, TResult}(Func{T1, TResult}, T1, TaskOptions?, CancellationToken)"/>
    [RequiresUnreferencedCode(Client.JsonPayload.ReflectionWarning)]
    [RequiresDynamicCode(Client.JsonPayload.ReflectionWarning)]
    public TaskFuture Submit<T1>(Func<T1, Task> function, T1 argument1, TaskOptions? options = null, CancellationToken cancellationToken = default) =>
        SubmitFunction(function, Client.NoResult.Reader, argument1, default(Client.NoArgument), default(Client.NoArgument), default(Client.NoArgument), options, cancellationToken);

    /// <inheritdoc cref="Submit{T1, TResult}(Func{T1, TResult}, T1, TaskOptions?, CancellationToken)"/>
    [RequiresUnreferencedCode(Client.JsonPayload.ReflectionWarning)]
    [RequiresDynamicCode(Client.JsonPayload.ReflectionWarning)]
    public TaskFuture Submit<T1>(Func<T1, CancellationToken, Task> function, T1 argument1, TaskOptions? options = null, CancellationToken cancellationToken = default) =>
        SubmitFunction(function, Client.NoResult.Reader, argument1, default(Client.NoArgument), default(Client.NoArgument), default(Client.NoArgument), options, cancellationToken);

    /// <inheritdoc cref="Submit{T1, TResult}(Func{T1, TResult}, T1, TaskOptions?, CancellationToken)"/>
    [RequiresUnreferencedCode(Client.JsonPayload.ReflectionWarning)]
    [RequiresDynamicCode(Client.JsonPayload.ReflectionWarning)]
    public TaskFuture Submit<T1, T2>(Func<T1, T2, Task> function, T1 argument1, T2 argument2, TaskOptions? options = null, CancellationToken cancellationToken = default) =>
        SubmitFunction(function, Client.NoResult.Reader, argument1, argument2, default(Client.NoArgument), default(Client.NoArgument), options, cancellationToken);

    /// <inheritdoc cref="Submit{T1, TResult}(Func{T1, TResult}, T1, TaskOptions?, CancellationToken)"/>
    [RequiresUnreferencedCode(Client.JsonPayload.ReflectionWarning)]
    [RequiresDynamicCode(Client.JsonPayload.ReflectionWarning)]
    public TaskFuture Submit<T1, T2>(Func<T1, T2, CancellationToken, Task> function, T1 argument1, T2 argument2, TaskOptions? options = null, CancellationToken cancellationToken = default) =>
        SubmitFunction(function, Client.NoResult.Reader, argument1, argument2, default(Client.NoArgument), default(Client.NoArgument), options, cancellationToken);

    /// <inheritdoc cref="Submit{T1, TResult}(Func{T1, TResult}, T1, TaskOptions?, CancellationToken)"/>
    [RequiresUnreferencedCode(Client.JsonPayload.ReflectionWarning)]
    [RequiresDynamicCode(Client.JsonPayload.ReflectionWarning)]
    public TaskFuture Submit<T1, T2, T3>(Func<T1, T2, T3, Task> function, T1 argument1, T2 argument2, T3 argument3, TaskOptions? options = null, CancellationToken cancellationToken = default) =>
        SubmitFunction(function, Client.NoResult.Reader, argument1, argument2, argument3, default(Client.NoArgument), options, cancellationToken);

    /// <inheritdoc cref="Submit{T1, TResult}(Func{T1, TResult}, T1, TaskOptions?, CancellationToken)"/>
    [RequiresUnreferencedCode(Client.JsonPayload.ReflectionWarning)]
    [RequiresDynamicCode(Client.JsonPayload.ReflectionWarning)]
    public TaskFuture Submit<T1, T2, T3>(Func<T1, T2, T3, CancellationToken, Task> function, T1 argument1, T2 argument2, T3 argument3, TaskOptions? options = null, CancellationToken cancellationToken = default) =>
        SubmitFunction(function, Client.NoResult.Reader, argument1, argument2, argument3, default(Client.NoArgument), options, cancellationToken);

    /// <inheritdoc cref="Submit{T1, TResult}(Func{T1, TResult}, T1, TaskOptions?, CancellationToken)"/>
    [RequiresUnreferencedCode(Client.JsonPayload.ReflectionWarning)]
    [RequiresDynamicCode(Client.JsonPayload.ReflectionWarning)]
    public TaskFuture Submit<T1, T2, T3, T4>(Func<T1, T2, T3, T4, Task> function, T1 argument1, T2 argument2, T3 argument3, T4 argument4, TaskOptions? options = null, CancellationToken cancellationToken = default) =>
        SubmitFunction(function, Client.NoResult.Reader, argument1, argument2, argument3, argument4, options, cancellationToken);

    /// <inheritdoc cref="Submit{T1, TResult}(Func{T1, TResult}, T1, TaskOptions?, CancellationToken)"/>
    [RequiresUnreferencedCode(Client.JsonPayload.ReflectionWarning)]
    [RequiresDynamicCode(Client.JsonPayload.ReflectionWarning)]
    public TaskFuture Submit<T1, T2, T3, T4>(Func<T1, T2, T3, T4, CancellationToken, Task> function, T1 argument1, T2 argument2, T3 argument3, T4 argument4, TaskOptions? options = null, CancellationToken cancellationToken = default) =>
        SubmitFunction(function, Client.NoResult.Reader, argument1, argument2, argument3, argument4, options, cancellationToken);

    /// <inheritdoc cref="Submit{T1, TResult}(Func{T1, TResult}, T1, TaskOptions?, CancellationToken)"/>
    [RequiresUnreferencedCode(Client.JsonPayload.ReflectionWarning)]
    [RequiresDynamicCode(Client.JsonPayload.ReflectionWarning)]
    public TaskFuture Submit(Func<ValueTask> function, TaskOptions? options = null, CancellationToken cancellationToken = default) =>
        SubmitFunction(function, Client.NoResult.Reader, default(Client.NoArgument), default(Client.NoArgument), default(Client.NoArgument), default(Client.NoArgument), options, cancellationToken);

    /// <inheritdoc cref="Submit{T1, TResult}(Func{T1, TResult}, T1, TaskOptions?, CancellationToken)"/>
    [RequiresUnreferencedCode(Client.JsonPayload.ReflectionWarning)]
    [RequiresDynamicCode(Client.JsonPayload.ReflectionWarning)]
    public TaskFuture Submit(Func<CancellationToken, ValueTask> function, TaskOptions? options = null, CancellationToken cancellationToken = default) =>
        SubmitFunction(function, Client.NoResult.Reader, default(Client.NoArgument), default(Client.NoArgument), default(Client.NoArgument), default(Client.NoArgument), options, cancellationToken);

    /// <inheritdoc cref="Submit{T1, TResult}(Func{T1, TResult}, T1, TaskOptions?, CancellationToken)"/>
    [RequiresUnreferencedCode(Client.JsonPayload.ReflectionWarning)]
    [RequiresDynamicCode(Client.JsonPayload.ReflectionWarning)]
    public TaskFuture Submit<T1>(Func<T1, ValueTask> function, T1 argument1, TaskOptions? options = null, CancellationToken cancellationToken = default) =>
        SubmitFunction(function, Client.NoResult.Reader, argument1, default(Client.NoArgument), default(Client.NoArgument), default(Client.NoArgument), options, cancellationToken);

    /// <inheritdoc cref="Submit{T1, TResult}(Func{T1, TResult}, T1, TaskOptions?, CancellationToken)"/>
    [RequiresUnreferencedCode(Client.JsonPayload.ReflectionWarning)]
    [RequiresDynamicCode(Client.JsonPayload.ReflectionWarning)]
    public TaskFuture Submit<T1>(Func<T1, CancellationToken, ValueTask> function, T1 argument1, TaskOptions? options = null, CancellationToken cancellationToken = default) =>
        SubmitFunction(function, Client.NoResult.Reader, argument1, default(Client.NoArgument), default(Client.NoArgument), default(Client.NoArgument), options, cancellationToken);

    /// <inheritdoc cref="Submit{T1, TResult}(Func{T1, TResult}, T1, TaskOptions?, CancellationToken)"/>
    [RequiresUnreferencedCode(Client.JsonPayload.ReflectionWarning)]
    [RequiresDynamicCode(Client.JsonPayload.ReflectionWarning)]
    public TaskFuture Submit<T1, T2>(Func<T1, T2, ValueTask> function, T1 argument1, T2 argument2, TaskOptions? options = null, CancellationToken cancellationToken = default) =>
        SubmitFunction(function, Client.NoResult.Reader, argument1, argument2, default(Client.NoArgument), default(Client.NoArgument), options, cancellationToken);

    /// <inheritdoc cref="Submit{T1, TResult}(Func{T1, TResult}, T1, TaskOptions?, CancellationToken)"/>
    [RequiresUnreferencedCode(Client.JsonPayload.ReflectionWarning)]
    [RequiresDynamicCode(Client.JsonPayload.ReflectionWarning)]
    public TaskFuture Submit<T1, T2>(Func<T1, T2, CancellationToken, ValueTask> function, T1 argument1, T2 argument2, TaskOptions? options = null, CancellationToken cancellationToken = default) =>
        SubmitFunction(function, Client.NoResult.Reader, argument1, argument2, default(Client.NoArgument), default(Client.NoArgument), options, cancellationToken);

    /// <inheritdoc cref="Submit{T1, TResult}(Func{T1, TResult}, T1, TaskOptions?, CancellationToken)"/>
    [RequiresUnreferencedCode(Client.JsonPayload.ReflectionWarning)]
    [RequiresDynamicCode(Client.JsonPayload.ReflectionWarning)]
    public TaskFuture Submit<T1, T2, T3>(Func<T1, T2, T3, ValueTask> function, T1 argument1, T2 argument2, T3 argument3, TaskOptions? options = null, CancellationToken cancellationToken = default) =>
        SubmitFunction(function, Client.NoResult.Reader, argument1, argument2, argument3, default(Client.NoArgument), options, cancellationToken);

    /// <inheritdoc cref="Submit{T1, TResult}(Func{T1, TResult}, T1, TaskOptions?, CancellationToken)"/>
    [RequiresUnreferencedCode(Client.JsonPayload.ReflectionWarning)]
    [RequiresDynamicCode(Client.JsonPayload.ReflectionWarning)]
    public TaskFuture Submit<T1, T2, T3>(Func<T1, T2, T3, CancellationToken, ValueTask> function, T1 argument1, T2 argument2, T3 argument3, TaskOptions? options = null, CancellationToken cancellationToken = default) =>
        SubmitFunction(function, Client.NoResult.Reader, argument1, argument2, argument3, default(Client.NoArgument), options, cancellationToken);

    /// <inheritdoc cref="Submit{T1, TResult}(Func{T1, TResult}, T1, TaskOptions?, CancellationToken)"/>
    [RequiresUnreferencedCode(Client.JsonPayload.ReflectionWarning)]
    [RequiresDynamicCode(Client.JsonPayload.ReflectionWarning)]
    public TaskFuture Submit<T1, T2, T3, T4>(Func<T1, T2, T3, T4, ValueTask> function, T1 argument1, T2 argument2, T3 argument3, T4 argument4, TaskOptions? options = null, CancellationToken cancellationToken = default) =>
        SubmitFunction(function, Client.NoResult.Reader, argument1, argument2, argument3, argument4, options, cancellationToken);

    /// <inheritdoc cref="Submit{T1, TResult}(Func{T1, TResult}, T1, TaskOptions?, CancellationToken)"/>
    [RequiresUnreferencedCode(Client.JsonPayload.ReflectionWarning)]
    [RequiresDynamicCode(Client.JsonPayload.ReflectionWarning)]
    public TaskFuture Submit<T1, T2, T3, T4>(Func<T1, T2, T3, T4, CancellationToken, ValueTask> function, T1 argument1, T2 argument2, T3 argument3, T4 argument4, TaskOptions? options = null, CancellationToken cancellationToken = default) =>
        SubmitFunction(function, Client.NoResult.Reader, argument1, argument2, argument3, argument4, options, cancellationToken);

    /// <inheritdoc cref="Submit{T1, TResult}(Func{T1, TResult}, T1, TaskOptions?, CancellationToken)"/>
    [RequiresUnreferencedCode(Client.JsonPayload.ReflectionWarning)]
    [RequiresDynamicCode(Client.JsonPayload.ReflectionWarning)]
    public TaskFuture<TResult> Submit<TResult>(Func<TResult> function, TaskOptions? options = null, CancellationToken cancellationToken = default) =>
        SubmitFunction(function, Client.JsonResult<TResult>.Reader, default(Client.NoArgument), default(Client.NoArgument), default(Client.NoArgument), default(Client.NoArgument), options, cancellationToken);

    /// <inheritdoc cref="Submit{T1, TResult}(Func{T1, TResult}, T1, TaskOptions?, CancellationToken)"/>
    [RequiresUnreferencedCode(Client.JsonPayload.ReflectionWarning)]
    [RequiresDynamicCode(Client.JsonPayload.ReflectionWarning)]
    public TaskFuture<TResult> Submit<TResult>(Func<CancellationToken, TResult> function, TaskOptions? options = null, CancellationToken cancellationToken = default) =>
        SubmitFunction(function, Client.JsonResult<TResult>.Reader, default(Client.NoArgument), default(Client.NoArgument), default(Client.NoArgument), default(Client.NoArgument), options, cancellationToken);

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
    [RequiresUnreferencedCode(Client.JsonPayload.ReflectionWarning)]
    [RequiresDynamicCode(Client.JsonPayload.ReflectionWarning)]
    public TaskFuture<TResult> Submit<T1, TResult>(Func<T1, TResult> function, T1 argument1, TaskOptions? options = null, CancellationToken cancellationToken = default) =>
        SubmitFunction(function, Client.JsonResult<TResult>.Reader, argument1, default(Client.NoArgument), default(Client.NoArgument), default(Client.NoArgument), options, cancellationToken);

    /// <inheritdoc cref="Submit{T1, TResult}(Func{T1, TResult}, T1, TaskOptions?, CancellationToken)"/>
    [RequiresUnreferencedCode(Client.JsonPayload.ReflectionWarning)]
    [RequiresDynamicCode(Client.JsonPayload.ReflectionWarning)]
    public TaskFuture<TResult> Submit<T1, TResult>(Func<T1, CancellationToken, TResult> function, T1 argument1, TaskOptions? options = null, CancellationToken cancellationToken = default) =>
        SubmitFunction(function, Client.JsonResult<TResult>.Reader, argument1, default(Client.NoArgument), default(Client.NoArgument), default(Client.NoArgument), options, cancellationToken);

    /// <inheritdoc cref="Submit{T1, TResult}(Func{T1, TResult}, T1, TaskOptions?, CancellationToken)"/>
    [RequiresUnreferencedCode(Client.JsonPayload.ReflectionWarning)]
    [RequiresDynamicCode(Client.JsonPayload.ReflectionWarning)]
    public TaskFuture<TResult> Submit<T1, T2, TResult>(Func<T1, T2, TResult> function, T1 argument1, T2 argument2, TaskOptions? options = null, CancellationToken cancellationToken = default) =>
        SubmitFunction(function, Client.JsonResult<TResult>.Reader, argument1, argument2, default(Client.NoArgument), default(Client.NoArgument), options, cancellationToken);

    /// <inheritdoc cref="Submit{T1, TResult}(Func{T1, TResult}, T1, TaskOptions?, CancellationToken)"/>
    [RequiresUnreferencedCode(Client.JsonPayload.ReflectionWarning)]
    [RequiresDynamicCode(Client.JsonPayload.ReflectionWarning)]
    public TaskFuture<TResult> Submit<T1, T2, TResult>(Func<T1, T2, CancellationToken, TResult> function, T1 argument1, T2 argument2, TaskOptions? options = null, CancellationToken cancellationToken = default) =>
        SubmitFunction(function, Client.JsonResult<TResult>.Reader, argument1, argument2, default(Client.NoArgument), default(Client.NoArgument), options, cancellationToken);

    /// <inheritdoc cref="Submit{T1, TResult}(Func{T1, TResult}, T1, TaskOptions?, CancellationToken)"/>
    [RequiresUnreferencedCode(Client.JsonPayload.ReflectionWarning)]
    [RequiresDynamicCode(Client.JsonPayload.ReflectionWarning)]
    public TaskFuture<TResult> Submit<T1, T2, T3, TResult>(Func<T1, T2, T3, TResult> function, T1 argument1, T2 argument2, T3 argument3, TaskOptions? options = null, CancellationToken cancellationToken = default) =>
        SubmitFunction(function, Client.JsonResult<TResult>.Reader, argument1, argument2, argument3, default(Client.NoArgument), options, cancellationToken);

    /// <inheritdoc cref="Submit{T1, TResult}(Func{T1, TResult}, T1, TaskOptions?, CancellationToken)"/>
    [RequiresUnreferencedCode(Client.JsonPayload.ReflectionWarning)]
    [RequiresDynamicCode(Client.JsonPayload.ReflectionWarning)]
    public TaskFuture<TResult> Submit<T1, T2, T3, TResult>(Func<T1, T2, T3, CancellationToken, TResult> function, T1 argument1, T2 argument2, T3 argument3, TaskOptions? options = null, CancellationToken cancellationToken = default) =>
        SubmitFunction(function, Client.JsonResult<TResult>.Reader, argument1, argument2, argument3, default(Client.NoArgument), options, cancellationToken);

    /// <inheritdoc cref="Submit{T1, TResult}(Func{T1, TResult}, T1, TaskOptions?, CancellationToken)"/>
    [RequiresUnreferencedCode(Client.JsonPayload.ReflectionWarning)]
    [RequiresDynamicCode(Client.JsonPayload.ReflectionWarning)]
    public TaskFuture<TResult> Submit<T1, T2, T3, T4, TResult>(Func<T1, T2, T3, T4, TResult> function, T1 argument1, T2 argument2, T3 argument3, T4 argument4, TaskOptions? options = null, CancellationToken cancellationToken = default) =>
        SubmitFunction(function, Client.JsonResult<TResult>.Reader, argument1, argument2, argument3, argument4, options, cancellationToken);

    /// <inheritdoc cref="Submit{T1, TResult}(Func{T1, TResult}, T1, TaskOptions?, CancellationToken)"/>
    [RequiresUnreferencedCode(Client.JsonPayload.ReflectionWarning)]
    [RequiresDynamicCode(Client.JsonPayload.ReflectionWarning)]
    public TaskFuture<TResult> Submit<T1, T2, T3, T4, TResult>(Func<T1, T2, T3, T4, CancellationToken, TResult> function, T1 argument1, T2 argument2, T3 argument3, T4 argument4, TaskOptions? options = null, CancellationToken cancellationToken = default) =>
        SubmitFunction(function, Client.JsonResult<TResult>.Reader, argument1, argument2, argument3, argument4, options, cancellationToken);

    /// <inheritdoc cref="Submit{T1, TResult}(Func{T1, TResult}, T1, TaskOptions?, CancellationToken)"/>
    [RequiresUnreferencedCode(Client.JsonPayload.ReflectionWarning)]
    [RequiresDynamicCode(Client.JsonPayload.ReflectionWarning)]
    public TaskFuture<TResult> Submit<TResult>(Func<Task<TResult>> function, TaskOptions? options = null, CancellationToken cancellationToken = default) =>
        SubmitFunction(function, Client.JsonResult<TResult>.Reader, default(Client.NoArgument), default(Client.NoArgument), default(Client.NoArgument), default(Client.NoArgument), options, cancellationToken);

    /// <inheritdoc cref="Submit{T1, TResult}(Func{T1, TResult}, T1, TaskOptions?, CancellationToken)"/>
    [RequiresUnreferencedCode(Client.JsonPayload.ReflectionWarning)]
    [RequiresDynamicCode(Client.JsonPayload.ReflectionWarning)]
    public TaskFuture<TResult> Submit<TResult>(Func<CancellationToken, Task<TResult>> function, TaskOptions? options = null, CancellationToken cancellationToken = default) =>
        SubmitFunction(function, Client.JsonResult<TResult>.Reader, default(Client.NoArgument), default(Client.NoArgument), default(Client.NoArgument), default(Client.NoArgument), options, cancellationToken);

    /// <inheritdoc cref="Submit{T1, TResult}(Func{T1, TResult}, T1, TaskOptions?, CancellationToken)"/>
    [RequiresUnreferencedCode(Client.JsonPayload.ReflectionWarning)]
    [RequiresDynamicCode(Client.JsonPayload.ReflectionWarning)]
    public TaskFuture<TResult> Submit<T1, TResult>(Func<T1, Task<TResult>> function, T1 argument1, TaskOptions? options = null, CancellationToken cancellationToken = default) =>
        SubmitFunction(function, Client.JsonResult<TResult>.Reader, argument1, default(Client.NoArgument), default(Client.NoArgument), default(Client.NoArgument), options, cancellationToken);

    /// <inheritdoc cref="Submit{T1, TResult}(Func{T1, TResult}, T1, TaskOptions?, CancellationToken)"/>
    [RequiresUnreferencedCode(Client.JsonPayload.ReflectionWarning)]
    [RequiresDynamicCode(Client.JsonPayload.ReflectionWarning)]
    public TaskFuture<TResult> Submit<T1, TResult>(Func<T1, CancellationToken, Task<TResult>> function, T1 argument1, TaskOptions? options = null, CancellationToken cancellationToken = default) =>
        SubmitFunction(function, Client.JsonResult<TResult>.Reader, argument1, default(Client.NoArgument), default(Client.NoArgument), default(Client.NoArgument), options, cancellationToken);

    /// <inheritdoc cref="Submit{T1, TResult}(Func{T1, TResult}, T1, TaskOptions?, CancellationToken)"/>
    [RequiresUnreferencedCode(Client.JsonPayload.ReflectionWarning)]
    [RequiresDynamicCode(Client.JsonPayload.ReflectionWarning)]
    public TaskFuture<TResult> Submit<T1, T2, TResult>(Func<T1, T2, Task<TResult>> function, T1 argument1, T2 argument2, TaskOptions? options = null, CancellationToken cancellationToken = default) =>
        SubmitFunction(function, Client.JsonResult<TResult>.Reader, argument1, argument2, default(Client.NoArgument), default(Client.NoArgument), options, cancellationToken);

    /// <inheritdoc cref="Submit{T1, TResult}(Func{T1, TResult}, T1, TaskOptions?, CancellationToken)"/>
    [RequiresUnreferencedCode(Client.JsonPayload.ReflectionWarning)]
    [RequiresDynamicCode(Client.JsonPayload.ReflectionWarning)]
    public TaskFuture<TResult> Submit<T1, T2, TResult>(Func<T1, T2, CancellationToken, Task<TResult>> function, T1 argument1, T2 argument2, TaskOptions? options = null, CancellationToken cancellationToken = default) =>
        SubmitFunction(function, Client.JsonResult<TResult>.Reader, argument1, argument2, default(Client.NoArgument), default(Client.NoArgument), options, cancellationToken);

    /// <inheritdoc cref="Submit{T1, TResult}(Func{T1, TResult}, T1, TaskOptions?, CancellationToken)"/>
    [RequiresUnreferencedCode(Client.JsonPayload.ReflectionWarning)]
    [RequiresDynamicCode(Client.JsonPayload.ReflectionWarning)]
    public TaskFuture<TResult> Submit<T1, T2, T3, TResult>(Func<T1, T2, T3, Task<TResult>> function, T1 argument1, T2 argument2, T3 argument3, TaskOptions? options = null, CancellationToken cancellationToken = default) =>
        SubmitFunction(function, Client.JsonResult<TResult>.Reader, argument1, argument2, argument3, default(Client.NoArgument), options, cancellationToken);

    /// <inheritdoc cref="Submit{T1, TResult}(Func{T1, TResult}, T1, TaskOptions?, CancellationToken)"/>
    [RequiresUnreferencedCode(Client.JsonPayload.ReflectionWarning)]
    [RequiresDynamicCode(Client.JsonPayload.ReflectionWarning)]
    public TaskFuture<TResult> Submit<T1, T2, T3, TResult>(Func<T1, T2, T3, CancellationToken, Task<TResult>> function, T1 argument1, T2 argument2, T3 argument3, TaskOptions? options = null, CancellationToken cancellationToken = default) =>
        SubmitFunction(function, Client.JsonResult<TResult>.Reader, argument1, argument2, argument3, default(Client.NoArgument), options, cancellationToken);

    /// <inheritdoc cref="Submit{T1, TResult}(Func{T1, TResult}, T1, TaskOptions?, CancellationToken)"/>
    [RequiresUnreferencedCode(Client.JsonPayload.ReflectionWarning)]
    [RequiresDynamicCode(Client.JsonPayload.ReflectionWarning)]
    public TaskFuture<TResult> Submit<T1, T2, T3, T4, TResult>(Func<T1, T2, T3, T4, Task<TResult>> function, T1 argument1, T2 argument2, T3 argument3, T4 argument4, TaskOptions? options = null, CancellationToken cancellationToken = default) =>
        SubmitFunction(function, Client.JsonResult<TResult>.Reader, argument1, argument2, argument3, argument4, options, cancellationToken);

    /// <inheritdoc cref="Submit{T1, TResult}(Func{T1, TResult}, T1, TaskOptions?, CancellationToken)"/>
    [RequiresUnreferencedCode(Client.JsonPayload.ReflectionWarning)]
    [RequiresDynamicCode(Client.JsonPayload.ReflectionWarning)]
    public TaskFuture<TResult> Submit<T1, T2, T3, T4, TResult>(Func<T1, T2, T3, T4, CancellationToken, Task<TResult>> function, T1 argument1, T2 argument2, T3 argument3, T4 argument4, TaskOptions? options = null, CancellationToken cancellationToken = default) =>
        SubmitFunction(function, Client.JsonResult<TResult>.Reader, argument1, argument2, argument3, argument4, options, cancellationToken);

    /// <inheritdoc cref="Submit{T1, TResult}(Func{T1, TResult}, T1, TaskOptions?, CancellationToken)"/>
    [RequiresUnreferencedCode(Client.JsonPayload.ReflectionWarning)]
    [RequiresDynamicCode(Client.JsonPayload.ReflectionWarning)]
    public TaskFuture<TResult> Submit<TResult>(Func<ValueTask<TResult>> function, TaskOptions? options = null, CancellationToken cancellationToken = default) =>
        SubmitFunction(function, Client.JsonResult<TResult>.Reader, default(Client.NoArgument), default(Client.NoArgument), default(Client.NoArgument), default(Client.NoArgument), options, cancellationToken);

    /// <inheritdoc cref="Submit{T1, TResult}(Func{T1, TResult}, T1, TaskOptions?, CancellationToken)"/>
    [RequiresUnreferencedCode(Client.JsonPayload.ReflectionWarning)]
    [RequiresDynamicCode(Client.JsonPayload.ReflectionWarning)]
    public TaskFuture<TResult> Submit<TResult>(Func<CancellationToken, ValueTask<TResult>> function, TaskOptions? options = null, CancellationToken cancellationToken = default) =>
        SubmitFunction(function, Client.JsonResult<TResult>.Reader, default(Client.NoArgument), default(Client.NoArgument), default(Client.NoArgument), default(Client.NoArgument), options, cancellationToken);

    /// <inheritdoc cref="Submit{T1, TResult}(Func{T1, TResult}, T1, TaskOptions?, CancellationToken)"/>
    [RequiresUnreferencedCode(Client.JsonPayload.ReflectionWarning)]
    [RequiresDynamicCode(Client.JsonPayload.ReflectionWarning)]
    public TaskFuture<TResult> Submit<T1, TResult>(Func<T1, ValueTask<TResult>> function, T1 argument1, TaskOptions? options = null, CancellationToken cancellationToken = default) =>
        SubmitFunction(function, Client.JsonResult<TResult>.Reader, argument1, default(Client.NoArgument), default(Client.NoArgument), default(Client.NoArgument), options, cancellationToken);

    /// <inheritdoc cref="Submit{T1, TResult}(Func{T1, TResult}, T1, TaskOptions?, CancellationToken)"/>
    [RequiresUnreferencedCode(Client.JsonPayload.ReflectionWarning)]
    [RequiresDynamicCode(Client.JsonPayload.ReflectionWarning)]
    public TaskFuture<TResult> Submit<T1, TResult>(Func<T1, CancellationToken, ValueTask<TResult>> function, T1 argument1, TaskOptions? options = null, CancellationToken cancellationToken = default) =>
        SubmitFunction(function, Client.JsonResult<TResult>.Reader, argument1, default(Client.NoArgument), default(Client.NoArgument), default(Client.NoArgument), options, cancellationToken);

    /// <inheritdoc cref="Submit{T1, TResult}(Func{T1, TResult}, T1, TaskOptions?, CancellationToken)"/>
    [RequiresUnreferencedCode(Client.JsonPayload.ReflectionWarning)]
    [RequiresDynamicCode(Client.JsonPayload.ReflectionWarning)]
    public TaskFuture<TResult> Submit<T1, T2, TResult>(Func<T1, T2, ValueTask<TResult>> function, T1 argument1, T2 argument2, TaskOptions? options = null, CancellationToken cancellationToken = default) =>
        SubmitFunction(function, Client.JsonResult<TResult>.Reader, argument1, argument2, default(Client.NoArgument), default(Client.NoArgument), options, cancellationToken);

    /// <inheritdoc cref="Submit{T1, TResult}(Func{T1, TResult}, T1, TaskOptions?, CancellationToken)"/>
    [RequiresUnreferencedCode(Client.JsonPayload.ReflectionWarning)]
    [RequiresDynamicCode(Client.JsonPayload.ReflectionWarning)]
    public TaskFuture<TResult> Submit<T1, T2, TResult>(Func<T1, T2, CancellationToken, ValueTask<TResult>> function, T1 argument1, T2 argument2, TaskOptions? options = null, CancellationToken cancellationToken = default) =>
        SubmitFunction(function, Client.JsonResult<TResult>.Reader, argument1, argument2, default(Client.NoArgument), default(Client.NoArgument), options, cancellationToken);

    /// <inheritdoc cref="Submit{T1, TResult}(Func{T1, TResult}, T1, TaskOptions?, CancellationToken)"/>
    [RequiresUnreferencedCode(Client.JsonPayload.ReflectionWarning)]
    [RequiresDynamicCode(Client.JsonPayload.ReflectionWarning)]
    public TaskFuture<TResult> Submit<T1, T2, T3, TResult>(Func<T1, T2, T3, ValueTask<TResult>> function, T1 argument1, T2 argument2, T3 argument3, TaskOptions? options = null, CancellationToken cancellationToken = default) =>
        SubmitFunction(function, Client.JsonResult<TResult>.Reader, argument1, argument2, argument3, default(Client.NoArgument), options, cancellationToken);

    /// <inheritdoc cref="Submit{T1, TResult}(Func{T1, TResult}, T1, TaskOptions?, CancellationToken)"/>
    [RequiresUnreferencedCode(Client.JsonPayload.ReflectionWarning)]
    [RequiresDynamicCode(Client.JsonPayload.ReflectionWarning)]
    public TaskFuture<TResult> Submit<T1, T2, T3, TResult>(Func<T1, T2, T3, CancellationToken, ValueTask<TResult>> function, T1 argument1, T2 argument2, T3 argument3, TaskOptions? options = null, CancellationToken cancellationToken = default) =>
        SubmitFunction(function, Client.JsonResult<TResult>.Reader, argument1, argument2, argument3, default(Client.NoArgument), options, cancellationToken);

    /// <inheritdoc cref="Submit{T1, TResult}(Func{T1, TResult}, T1, TaskOptions?, CancellationToken)"/>
    [RequiresUnreferencedCode(Client.JsonPayload.ReflectionWarning)]
    [RequiresDynamicCode(Client.JsonPayload.ReflectionWarning)]
    public TaskFuture<TResult> Submit<T1, T2, T3, T4, TResult>(Func<T1, T2, T3, T4, ValueTask<TResult>> function, T1 argument1, T2 argument2, T3 argument3, T4 argument4, TaskOptions? options = null, CancellationToken cancellationToken = default) =>
        SubmitFunction(function, Client.JsonResult<TResult>.Reader, argument1, argument2, argument3, argument4, options, cancellationToken);

    /// <inheritdoc cref="Submit{T1, TResult}(Func{T1, TResult}, T1, TaskOptions?, CancellationToken)"/>
    [RequiresUnreferencedCode(Client.JsonPayload.ReflectionWarning)]
    [RequiresDynamicCode(Client.JsonPayload.ReflectionWarning)]
    public TaskFuture<TResult> Submit<T1, T2, T3, T4, TResult>(Func<T1, T2, T3, T4, CancellationToken, ValueTask<TResult>> function, T1 argument1, T2 argument2, T3 argument3, T4 argument4, TaskOptions? options = null, CancellationToken cancellationToken = default) =>
        SubmitFunction(function, Client.JsonResult<TResult>.Reader, argument1, argument2, argument3, argument4, options, cancellationToken);

    /// <inheritdoc cref="Stream{T1, T}(Func{T1, IAsyncEnumerable{T}}, T1, TaskOptions?, int, CancellationToken)"/>
    [RequiresUnreferencedCode(Client.JsonPayload.ReflectionWarning)]
    [RequiresDynamicCode(Client.JsonPayload.ReflectionWarning)]
    public TaskStream<T> Stream<T>(Func<IAsyncEnumerable<T>> function, TaskOptions? options = null, int buffer = DefaultStreamBuffer, CancellationToken cancellationToken = default) =>
        StreamFunction<Client.NoArgument, Client.NoArgument, Client.NoArgument, Client.NoArgument, T>(function, default(Client.NoArgument), default(Client.NoArgument), default(Client.NoArgument), default(Client.NoArgument), options, buffer, cancellationToken);

    /// <inheritdoc cref="Stream{T1, T}(Func{T1, IAsyncEnumerable{T}}, T1, TaskOptions?, int, CancellationToken)"/>
    [RequiresUnreferencedCode(Client.JsonPayload.ReflectionWarning)]
    [RequiresDynamicCode(Client.JsonPayload.ReflectionWarning)]
    public TaskStream<T> Stream<T>(Func<CancellationToken, IAsyncEnumerable<T>> function, TaskOptions? options = null, int buffer = DefaultStreamBuffer, CancellationToken cancellationToken = default) =>
        StreamFunction<Client.NoArgument, Client.NoArgument, Client.NoArgument, Client.NoArgument, T>(function, default(Client.NoArgument), default(Client.NoArgument), default(Client.NoArgument), default(Client.NoArgument), options, buffer, cancellationToken);

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
    [RequiresUnreferencedCode(Client.JsonPayload.ReflectionWarning)]
    [RequiresDynamicCode(Client.JsonPayload.ReflectionWarning)]
    public TaskStream<T> Stream<T1, T>(Func<T1, IAsyncEnumerable<T>> function, T1 argument1, TaskOptions? options = null, int buffer = DefaultStreamBuffer, CancellationToken cancellationToken = default) =>
        StreamFunction<T1, Client.NoArgument, Client.NoArgument, Client.NoArgument, T>(function, argument1, default(Client.NoArgument), default(Client.NoArgument), default(Client.NoArgument), options, buffer, cancellationToken);

    /// <inheritdoc cref="Stream{T1, T}(Func{T1, IAsyncEnumerable{T}}, T1, TaskOptions?, int, CancellationToken)"/>
    [RequiresUnreferencedCode(Client.JsonPayload.ReflectionWarning)]
    [RequiresDynamicCode(Client.JsonPayload.ReflectionWarning)]
    public TaskStream<T> Stream<T1, T>(Func<T1, CancellationToken, IAsyncEnumerable<T>> function, T1 argument1, TaskOptions? options = null, int buffer = DefaultStreamBuffer, CancellationToken cancellationToken = default) =>
        StreamFunction<T1, Client.NoArgument, Client.NoArgument, Client.NoArgument, T>(function, argument1, default(Client.NoArgument), default(Client.NoArgument), default(Client.NoArgument), options, buffer, cancellationToken);

    /// <inheritdoc cref="Stream{T1, T}(Func{T1, IAsyncEnumerable{T}}, T1, TaskOptions?, int, CancellationToken)"/>
    [RequiresUnreferencedCode(Client.JsonPayload.ReflectionWarning)]
    [RequiresDynamicCode(Client.JsonPayload.ReflectionWarning)]
    public TaskStream<T> Stream<T1, T2, T>(Func<T1, T2, IAsyncEnumerable<T>> function, T1 argument1, T2 argument2, TaskOptions? options = null, int buffer = DefaultStreamBuffer, CancellationToken cancellationToken = default) =>
        StreamFunction<T1, T2, Client.NoArgument, Client.NoArgument, T>(function, argument1, argument2, default(Client.NoArgument), default(Client.NoArgument), options, buffer, cancellationToken);

    /// <inheritdoc cref="Stream{T1, T}(Func{T1, IAsyncEnumerable{T}}, T1, TaskOptions?, int, CancellationToken)"/>
    [RequiresUnreferencedCode(Client.JsonPayload.ReflectionWarning)]
    [RequiresDynamicCode(Client.JsonPayload.ReflectionWarning)]
    public TaskStream<T> Stream<T1, T2, T>(Func<T1, T2, CancellationToken, IAsyncEnumerable<T>> function, T1 argument1, T2 argument2, TaskOptions? options = null, int buffer = DefaultStreamBuffer, CancellationToken cancellationToken = default) =>
        StreamFunction<T1, T2, Client.NoArgument, Client.NoArgument, T>(function, argument1, argument2, default(Client.NoArgument), default(Client.NoArgument), options, buffer, cancellationToken);

    /// <inheritdoc cref="Stream{T1, T}(Func{T1, IAsyncEnumerable{T}}, T1, TaskOptions?, int, CancellationToken)"/>
    [RequiresUnreferencedCode(Client.JsonPayload.ReflectionWarning)]
    [RequiresDynamicCode(Client.JsonPayload.ReflectionWarning)]
    public TaskStream<T> Stream<T1, T2, T3, T>(Func<T1, T2, T3, IAsyncEnumerable<T>> function, T1 argument1, T2 argument2, T3 argument3, TaskOptions? options = null, int buffer = DefaultStreamBuffer, CancellationToken cancellationToken = default) =>
        StreamFunction<T1, T2, T3, Client.NoArgument, T>(function, argument1, argument2, argument3, default(Client.NoArgument), options, buffer, cancellationToken);

    /// <inheritdoc cref="Stream{T1, T}(Func{T1, IAsyncEnumerable{T}}, T1, TaskOptions?, int, CancellationToken)"/>
    [RequiresUnreferencedCode(Client.JsonPayload.ReflectionWarning)]
    [RequiresDynamicCode(Client.JsonPayload.ReflectionWarning)]
    public TaskStream<T> Stream<T1, T2, T3, T>(Func<T1, T2, T3, CancellationToken, IAsyncEnumerable<T>> function, T1 argument1, T2 argument2, T3 argument3, TaskOptions? options = null, int buffer = DefaultStreamBuffer, CancellationToken cancellationToken = default) =>
        StreamFunction<T1, T2, T3, Client.NoArgument, T>(function, argument1, argument2, argument3, default(Client.NoArgument), options, buffer, cancellationToken);

    /// <inheritdoc cref="Stream{T1, T}(Func{T1, IAsyncEnumerable{T}}, T1, TaskOptions?, int, CancellationToken)"/>
    [RequiresUnreferencedCode(Client.JsonPayload.ReflectionWarning)]
    [RequiresDynamicCode(Client.JsonPayload.ReflectionWarning)]
    public TaskStream<T> Stream<T1, T2, T3, T4, T>(Func<T1, T2, T3, T4, IAsyncEnumerable<T>> function, T1 argument1, T2 argument2, T3 argument3, T4 argument4, TaskOptions? options = null, int buffer = DefaultStreamBuffer, CancellationToken cancellationToken = default) =>
        StreamFunction<T1, T2, T3, T4, T>(function, argument1, argument2, argument3, argument4, options, buffer, cancellationToken);

    /// <inheritdoc cref="Stream{T1, T}(Func{T1, IAsyncEnumerable{T}}, T1, TaskOptions?, int, CancellationToken)"/>
    [RequiresUnreferencedCode(Client.JsonPayload.ReflectionWarning)]
    [RequiresDynamicCode(Client.JsonPayload.ReflectionWarning)]
    public TaskStream<T> Stream<T1, T2, T3, T4, T>(Func<T1, T2, T3, T4, CancellationToken, IAsyncEnumerable<T>> function, T1 argument1, T2 argument2, T3 argument3, T4 argument4, TaskOptions? options = null, int buffer = DefaultStreamBuffer, CancellationToken cancellationToken = default) =>
        StreamFunction<T1, T2, T3, T4, T>(function, argument1, argument2, argument3, argument4, options, buffer, cancellationToken);

    /// <inheritdoc cref="Stream{T1, T}(Func{T1, IAsyncEnumerable{T}}, T1, TaskOptions?, int, CancellationToken)"/>
    [RequiresUnreferencedCode(Client.JsonPayload.ReflectionWarning)]
    [RequiresDynamicCode(Client.JsonPayload.ReflectionWarning)]
    public TaskStream<T> Stream<T>(Func<IEnumerable<T>> function, TaskOptions? options = null, int buffer = DefaultStreamBuffer, CancellationToken cancellationToken = default) =>
        StreamFunction<Client.NoArgument, Client.NoArgument, Client.NoArgument, Client.NoArgument, T>(function, default(Client.NoArgument), default(Client.NoArgument), default(Client.NoArgument), default(Client.NoArgument), options, buffer, cancellationToken);

    /// <inheritdoc cref="Stream{T1, T}(Func{T1, IAsyncEnumerable{T}}, T1, TaskOptions?, int, CancellationToken)"/>
    [RequiresUnreferencedCode(Client.JsonPayload.ReflectionWarning)]
    [RequiresDynamicCode(Client.JsonPayload.ReflectionWarning)]
    public TaskStream<T> Stream<T>(Func<CancellationToken, IEnumerable<T>> function, TaskOptions? options = null, int buffer = DefaultStreamBuffer, CancellationToken cancellationToken = default) =>
        StreamFunction<Client.NoArgument, Client.NoArgument, Client.NoArgument, Client.NoArgument, T>(function, default(Client.NoArgument), default(Client.NoArgument), default(Client.NoArgument), default(Client.NoArgument), options, buffer, cancellationToken);

    /// <inheritdoc cref="Stream{T1, T}(Func{T1, IAsyncEnumerable{T}}, T1, TaskOptions?, int, CancellationToken)"/>
    [RequiresUnreferencedCode(Client.JsonPayload.ReflectionWarning)]
    [RequiresDynamicCode(Client.JsonPayload.ReflectionWarning)]
    public TaskStream<T> Stream<T1, T>(Func<T1, IEnumerable<T>> function, T1 argument1, TaskOptions? options = null, int buffer = DefaultStreamBuffer, CancellationToken cancellationToken = default) =>
        StreamFunction<T1, Client.NoArgument, Client.NoArgument, Client.NoArgument, T>(function, argument1, default(Client.NoArgument), default(Client.NoArgument), default(Client.NoArgument), options, buffer, cancellationToken);

    /// <inheritdoc cref="Stream{T1, T}(Func{T1, IAsyncEnumerable{T}}, T1, TaskOptions?, int, CancellationToken)"/>
    [RequiresUnreferencedCode(Client.JsonPayload.ReflectionWarning)]
    [RequiresDynamicCode(Client.JsonPayload.ReflectionWarning)]
    public TaskStream<T> Stream<T1, T>(Func<T1, CancellationToken, IEnumerable<T>> function, T1 argument1, TaskOptions? options = null, int buffer = DefaultStreamBuffer, CancellationToken cancellationToken = default) =>
        StreamFunction<T1, Client.NoArgument, Client.NoArgument, Client.NoArgument, T>(function, argument1, default(Client.NoArgument), default(Client.NoArgument), default(Client.NoArgument), options, buffer, cancellationToken);

    /// <inheritdoc cref="Stream{T1, T}(Func{T1, IAsyncEnumerable{T}}, T1, TaskOptions?, int, CancellationToken)"/>
    [RequiresUnreferencedCode(Client.JsonPayload.ReflectionWarning)]
    [RequiresDynamicCode(Client.JsonPayload.ReflectionWarning)]
    public TaskStream<T> Stream<T1, T2, T>(Func<T1, T2, IEnumerable<T>> function, T1 argument1, T2 argument2, TaskOptions? options = null, int buffer = DefaultStreamBuffer, CancellationToken cancellationToken = default) =>
        StreamFunction<T1, T2, Client.NoArgument, Client.NoArgument, T>(function, argument1, argument2, default(Client.NoArgument), default(Client.NoArgument), options, buffer, cancellationToken);

    /// <inheritdoc cref="Stream{T1, T}(Func{T1, IAsyncEnumerable{T}}, T1, TaskOptions?, int, CancellationToken)"/>
    [RequiresUnreferencedCode(Client.JsonPayload.ReflectionWarning)]
    [RequiresDynamicCode(Client.JsonPayload.ReflectionWarning)]
    public TaskStream<T> Stream<T1, T2, T>(Func<T1, T2, CancellationToken, IEnumerable<T>> function, T1 argument1, T2 argument2, TaskOptions? options = null, int buffer = DefaultStreamBuffer, CancellationToken cancellationToken = default) =>
        StreamFunction<T1, T2, Client.NoArgument, Client.NoArgument, T>(function, argument1, argument2, default(Client.NoArgument), default(Client.NoArgument), options, buffer, cancellationToken);

    /// <inheritdoc cref="Stream{T1, T}(Func{T1, IAsyncEnumerable{T}}, T1, TaskOptions?, int, CancellationToken)"/>
    [RequiresUnreferencedCode(Client.JsonPayload.ReflectionWarning)]
    [RequiresDynamicCode(Client.JsonPayload.ReflectionWarning)]
    public TaskStream<T> Stream<T1, T2, T3, T>(Func<T1, T2, T3, IEnumerable<T>> function, T1 argument1, T2 argument2, T3 argument3, TaskOptions? options = null, int buffer = DefaultStreamBuffer, CancellationToken cancellationToken = default) =>
        StreamFunction<T1, T2, T3, Client.NoArgument, T>(function, argument1, argument2, argument3, default(Client.NoArgument), options, buffer, cancellationToken);

    /// <inheritdoc cref="Stream{T1, T}(Func{T1, IAsyncEnumerable{T}}, T1, TaskOptions?, int, CancellationToken)"/>
    [RequiresUnreferencedCode(Client.JsonPayload.ReflectionWarning)]
    [RequiresDynamicCode(Client.JsonPayload.ReflectionWarning)]
    public TaskStream<T> Stream<T1, T2, T3, T>(Func<T1, T2, T3, CancellationToken, IEnumerable<T>> function, T1 argument1, T2 argument2, T3 argument3, TaskOptions? options = null, int buffer = DefaultStreamBuffer, CancellationToken cancellationToken = default) =>
        StreamFunction<T1, T2, T3, Client.NoArgument, T>(function, argument1, argument2, argument3, default(Client.NoArgument), options, buffer, cancellationToken);

    /// <inheritdoc cref="Stream{T1, T}(Func{T1, IAsyncEnumerable{T}}, T1, TaskOptions?, int, CancellationToken)"/>
    [RequiresUnreferencedCode(Client.JsonPayload.ReflectionWarning)]
    [RequiresDynamicCode(Client.JsonPayload.ReflectionWarning)]
    public TaskStream<T> Stream<T1, T2, T3, T4, T>(Func<T1, T2, T3, T4, IEnumerable<T>> function, T1 argument1, T2 argument2, T3 argument3, T4 argument4, TaskOptions? options = null, int buffer = DefaultStreamBuffer, CancellationToken cancellationToken = default) =>
        StreamFunction<T1, T2, T3, T4, T>(function, argument1, argument2, argument3, argument4, options, buffer, cancellationToken);

    /// <inheritdoc cref="Stream{T1, T}(Func{T1, IAsyncEnumerable{T}}, T1, TaskOptions?, int, CancellationToken)"/>
    [RequiresUnreferencedCode(Client.JsonPayload.ReflectionWarning)]
    [RequiresDynamicCode(Client.JsonPayload.ReflectionWarning)]
    public TaskStream<T> Stream<T1, T2, T3, T4, T>(Func<T1, T2, T3, T4, CancellationToken, IEnumerable<T>> function, T1 argument1, T2 argument2, T3 argument3, T4 argument4, TaskOptions? options = null, int buffer = DefaultStreamBuffer, CancellationToken cancellationToken = default) =>
        StreamFunction<T1, T2, T3, T4, T>(function, argument1, argument2, argument3, argument4, options, buffer, cancellationToken);

    /// <summary>Has a function called for each item, as <c>Map</c> by name does: <c>pool.Map(FileTasks.Sha256, paths)</c>.</summary>
    /// <param name="function">As with <c>Submit</c>.</param>
    /// <param name="items">Taken one by one, at most <paramref name="buffer"/> ahead of the consumer.</param>
    /// <param name="options">For each task; null: the defaults. An <c>Id</c> is not allowed: it would be everyone's.</param>
    /// <param name="buffer">1 or more; default 1000.</param>
    /// <param name="ordered">False: each result comes as soon as its task has ended. Default true.</param>
    /// <param name="cancellationToken">Stops, and cancels what is ahead.</param>
    /// <exception cref="ArgumentException">No other process could find the function; the message says why and what to do.</exception>
    /// <exception cref="TaskException">A task failed.</exception>
    [RequiresUnreferencedCode(Client.JsonPayload.ReflectionWarning)]
    [RequiresDynamicCode(Client.JsonPayload.ReflectionWarning)]
    public IAsyncEnumerable<TResult> Map<TItem, TResult>(Func<TItem, TResult> function, IEnumerable<TItem> items, TaskOptions? options = null, int buffer = DefaultMapBuffer, bool ordered = true, CancellationToken cancellationToken = default) =>
        Map<TItem, TResult>(FunctionName.Of(function), items, options, buffer, ordered, cancellationToken);

    /// <inheritdoc cref="Map{TItem, TResult}(Func{TItem, TResult}, IEnumerable{TItem}, TaskOptions?, int, bool, CancellationToken)"/>
    [RequiresUnreferencedCode(Client.JsonPayload.ReflectionWarning)]
    [RequiresDynamicCode(Client.JsonPayload.ReflectionWarning)]
    public IAsyncEnumerable<TResult> Map<TItem, TResult>(Func<TItem, CancellationToken, TResult> function, IEnumerable<TItem> items, TaskOptions? options = null, int buffer = DefaultMapBuffer, bool ordered = true, CancellationToken cancellationToken = default) =>
        Map<TItem, TResult>(FunctionName.Of(function), items, options, buffer, ordered, cancellationToken);

    /// <inheritdoc cref="Map{TItem, TResult}(Func{TItem, TResult}, IEnumerable{TItem}, TaskOptions?, int, bool, CancellationToken)"/>
    [RequiresUnreferencedCode(Client.JsonPayload.ReflectionWarning)]
    [RequiresDynamicCode(Client.JsonPayload.ReflectionWarning)]
    public IAsyncEnumerable<TResult> Map<TItem, TResult>(Func<TItem, TResult> function, IAsyncEnumerable<TItem> items, TaskOptions? options = null, int buffer = DefaultMapBuffer, bool ordered = true, CancellationToken cancellationToken = default) =>
        Map<TItem, TResult>(FunctionName.Of(function), items, options, buffer, ordered, cancellationToken);

    /// <inheritdoc cref="Map{TItem, TResult}(Func{TItem, TResult}, IEnumerable{TItem}, TaskOptions?, int, bool, CancellationToken)"/>
    [RequiresUnreferencedCode(Client.JsonPayload.ReflectionWarning)]
    [RequiresDynamicCode(Client.JsonPayload.ReflectionWarning)]
    public IAsyncEnumerable<TResult> Map<TItem, TResult>(Func<TItem, CancellationToken, TResult> function, IAsyncEnumerable<TItem> items, TaskOptions? options = null, int buffer = DefaultMapBuffer, bool ordered = true, CancellationToken cancellationToken = default) =>
        Map<TItem, TResult>(FunctionName.Of(function), items, options, buffer, ordered, cancellationToken);

    /// <inheritdoc cref="Map{TItem, TResult}(Func{TItem, TResult}, IEnumerable{TItem}, TaskOptions?, int, bool, CancellationToken)"/>
    [RequiresUnreferencedCode(Client.JsonPayload.ReflectionWarning)]
    [RequiresDynamicCode(Client.JsonPayload.ReflectionWarning)]
    public IAsyncEnumerable<TResult> Map<TItem, TResult>(Func<TItem, Task<TResult>> function, IEnumerable<TItem> items, TaskOptions? options = null, int buffer = DefaultMapBuffer, bool ordered = true, CancellationToken cancellationToken = default) =>
        Map<TItem, TResult>(FunctionName.Of(function), items, options, buffer, ordered, cancellationToken);

    /// <inheritdoc cref="Map{TItem, TResult}(Func{TItem, TResult}, IEnumerable{TItem}, TaskOptions?, int, bool, CancellationToken)"/>
    [RequiresUnreferencedCode(Client.JsonPayload.ReflectionWarning)]
    [RequiresDynamicCode(Client.JsonPayload.ReflectionWarning)]
    public IAsyncEnumerable<TResult> Map<TItem, TResult>(Func<TItem, CancellationToken, Task<TResult>> function, IEnumerable<TItem> items, TaskOptions? options = null, int buffer = DefaultMapBuffer, bool ordered = true, CancellationToken cancellationToken = default) =>
        Map<TItem, TResult>(FunctionName.Of(function), items, options, buffer, ordered, cancellationToken);

    /// <inheritdoc cref="Map{TItem, TResult}(Func{TItem, TResult}, IEnumerable{TItem}, TaskOptions?, int, bool, CancellationToken)"/>
    [RequiresUnreferencedCode(Client.JsonPayload.ReflectionWarning)]
    [RequiresDynamicCode(Client.JsonPayload.ReflectionWarning)]
    public IAsyncEnumerable<TResult> Map<TItem, TResult>(Func<TItem, Task<TResult>> function, IAsyncEnumerable<TItem> items, TaskOptions? options = null, int buffer = DefaultMapBuffer, bool ordered = true, CancellationToken cancellationToken = default) =>
        Map<TItem, TResult>(FunctionName.Of(function), items, options, buffer, ordered, cancellationToken);

    /// <inheritdoc cref="Map{TItem, TResult}(Func{TItem, TResult}, IEnumerable{TItem}, TaskOptions?, int, bool, CancellationToken)"/>
    [RequiresUnreferencedCode(Client.JsonPayload.ReflectionWarning)]
    [RequiresDynamicCode(Client.JsonPayload.ReflectionWarning)]
    public IAsyncEnumerable<TResult> Map<TItem, TResult>(Func<TItem, CancellationToken, Task<TResult>> function, IAsyncEnumerable<TItem> items, TaskOptions? options = null, int buffer = DefaultMapBuffer, bool ordered = true, CancellationToken cancellationToken = default) =>
        Map<TItem, TResult>(FunctionName.Of(function), items, options, buffer, ordered, cancellationToken);

    /// <inheritdoc cref="Map{TItem, TResult}(Func{TItem, TResult}, IEnumerable{TItem}, TaskOptions?, int, bool, CancellationToken)"/>
    [RequiresUnreferencedCode(Client.JsonPayload.ReflectionWarning)]
    [RequiresDynamicCode(Client.JsonPayload.ReflectionWarning)]
    public IAsyncEnumerable<TResult> Map<TItem, TResult>(Func<TItem, ValueTask<TResult>> function, IEnumerable<TItem> items, TaskOptions? options = null, int buffer = DefaultMapBuffer, bool ordered = true, CancellationToken cancellationToken = default) =>
        Map<TItem, TResult>(FunctionName.Of(function), items, options, buffer, ordered, cancellationToken);

    /// <inheritdoc cref="Map{TItem, TResult}(Func{TItem, TResult}, IEnumerable{TItem}, TaskOptions?, int, bool, CancellationToken)"/>
    [RequiresUnreferencedCode(Client.JsonPayload.ReflectionWarning)]
    [RequiresDynamicCode(Client.JsonPayload.ReflectionWarning)]
    public IAsyncEnumerable<TResult> Map<TItem, TResult>(Func<TItem, CancellationToken, ValueTask<TResult>> function, IEnumerable<TItem> items, TaskOptions? options = null, int buffer = DefaultMapBuffer, bool ordered = true, CancellationToken cancellationToken = default) =>
        Map<TItem, TResult>(FunctionName.Of(function), items, options, buffer, ordered, cancellationToken);

    /// <inheritdoc cref="Map{TItem, TResult}(Func{TItem, TResult}, IEnumerable{TItem}, TaskOptions?, int, bool, CancellationToken)"/>
    [RequiresUnreferencedCode(Client.JsonPayload.ReflectionWarning)]
    [RequiresDynamicCode(Client.JsonPayload.ReflectionWarning)]
    public IAsyncEnumerable<TResult> Map<TItem, TResult>(Func<TItem, ValueTask<TResult>> function, IAsyncEnumerable<TItem> items, TaskOptions? options = null, int buffer = DefaultMapBuffer, bool ordered = true, CancellationToken cancellationToken = default) =>
        Map<TItem, TResult>(FunctionName.Of(function), items, options, buffer, ordered, cancellationToken);

    /// <inheritdoc cref="Map{TItem, TResult}(Func{TItem, TResult}, IEnumerable{TItem}, TaskOptions?, int, bool, CancellationToken)"/>
    [RequiresUnreferencedCode(Client.JsonPayload.ReflectionWarning)]
    [RequiresDynamicCode(Client.JsonPayload.ReflectionWarning)]
    public IAsyncEnumerable<TResult> Map<TItem, TResult>(Func<TItem, CancellationToken, ValueTask<TResult>> function, IAsyncEnumerable<TItem> items, TaskOptions? options = null, int buffer = DefaultMapBuffer, bool ordered = true, CancellationToken cancellationToken = default) =>
        Map<TItem, TResult>(FunctionName.Of(function), items, options, buffer, ordered, cancellationToken);
}
