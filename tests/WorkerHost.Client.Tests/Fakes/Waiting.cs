namespace WorkerHost.Client.Tests;

/// <summary>Waiting for facts. The limit is not part of any promise: a test that reaches it lacks its evidence.</summary>
internal static class Waiting
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    public static Task Soon(this Task task) => task.WaitAsync(Limit, TestContext.Current.CancellationToken);

    public static Task<T> Soon<T>(this Task<T> task) => task.WaitAsync(Limit, TestContext.Current.CancellationToken);

    public static Task<T> Soon<T>(this TaskFuture<T> future) => future.Task.Soon();

    public static Task<T> Soon<T>(this ValueTask<T> task) => task.AsTask().Soon();

    /// <summary>Ends when the task has ended, however.</summary>
    public static async Task Ended(this Task task) => await task.Soon().ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
}
