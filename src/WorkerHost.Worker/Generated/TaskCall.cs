using System.ComponentModel;

namespace WorkerHost.Generated;

/// <summary>Reads the arguments of a task and calls its handler. For generated code.</summary>
/// <typeparam name="TResult">What it gives; <see cref="NoResult"/>: nothing.</typeparam>
/// <param name="input">The task's.</param>
[EditorBrowsable(EditorBrowsableState.Never)]
public delegate TResult TaskCall<out TResult>(ref TaskInput input);

/// <summary>Of a handler that returns nothing. For generated code.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public readonly struct NoResult;
