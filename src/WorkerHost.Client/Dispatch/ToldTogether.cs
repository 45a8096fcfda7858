namespace WorkerHost.Client;

/// <summary>
/// While a loop tells what became of the tasks of one frame, on one thread: what is better done once, after the last of them. A host
/// writes their outcomes to its client in one frame.
/// </summary>
internal static class ToldTogether
{
    [ThreadStatic]
    private static List<Action>? afterwards;

    [ThreadStatic]
    private static int depth;

    /// <summary>Something is being told on this thread.</summary>
    public static bool IsOpen => depth > 0;

    public static void Begin() => depth++;

    public static void End()
    {
        if (--depth > 0 || afterwards is not { Count: > 0 } put)
        {
            return;
        }

        // What is done now may tell again on this thread.
        afterwards = null;
        foreach (var action in put)
        {
            action();
        }

        put.Clear();
        afterwards ??= put;
    }

    /// <summary>To be done after the last; must not throw.</summary>
    public static void Afterwards(Action action) => (afterwards ??= []).Add(action);
}
