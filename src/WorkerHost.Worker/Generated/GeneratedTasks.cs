using System.ComponentModel;

namespace WorkerHost.Generated;

/// <summary>
/// Where the source generator maps a task whose handler it knows: what <see cref="WorkerApplication.MapTask(string, Delegate)"/> does, without
/// reflection. For generated code.
/// </summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class GeneratedTasks
{
    /// <summary>Maps it.</summary>
    /// <typeparam name="TResult">What the handler gives once it is done; <see cref="NoResult"/>: nothing.</typeparam>
    /// <param name="worker">The worker.</param>
    /// <param name="name">The task's.</param>
    /// <param name="parameters">The handler's, without contexts and tokens, in their order.</param>
    /// <param name="call">Reads these in their order, then calls the handler.</param>
    /// <exception cref="ArgumentException">The name is empty, too long or taken, or a type cannot travel.</exception>
    /// <exception cref="InvalidOperationException">The worker already runs.</exception>
    public static void Map<TResult>(WorkerApplication worker, string name, TaskParameter[] parameters, TaskCall<TResult> call)
    {
        ArgumentNullException.ThrowIfNull(worker);
        ArgumentNullException.ThrowIfNull(parameters);
        ArgumentNullException.ThrowIfNull(call);
        worker.Map(name, parameters, call);
    }

    /// <summary>Maps one whose handler yields items.</summary>
    /// <typeparam name="TItem">Of the items.</typeparam>
    /// <inheritdoc cref="Map{TResult}(WorkerApplication, string, TaskParameter[], TaskCall{TResult})"/>
    public static void MapItems<TItem>(WorkerApplication worker, string name, TaskParameter[] parameters, TaskCall<IEnumerable<TItem>> call)
    {
        ArgumentNullException.ThrowIfNull(worker);
        ArgumentNullException.ThrowIfNull(parameters);
        ArgumentNullException.ThrowIfNull(call);
        worker.MapItems<IEnumerable<TItem>, TItem>(name, parameters, call);
    }

    /// <summary>Maps one whose handler yields items, and waits between them.</summary>
    /// <typeparam name="TItem">Of the items.</typeparam>
    /// <inheritdoc cref="Map{TResult}(WorkerApplication, string, TaskParameter[], TaskCall{TResult})"/>
    public static void MapAsyncItems<TItem>(WorkerApplication worker, string name, TaskParameter[] parameters, TaskCall<IAsyncEnumerable<TItem>> call)
    {
        ArgumentNullException.ThrowIfNull(worker);
        ArgumentNullException.ThrowIfNull(parameters);
        ArgumentNullException.ThrowIfNull(call);
        worker.MapItems<IAsyncEnumerable<TItem>, TItem>(name, parameters, call);
    }
}
