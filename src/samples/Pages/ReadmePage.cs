namespace WorkerHost.Samples;

/// <summary>What the README shows beside its ten lines.</summary>
internal static class ReadmePage
{
    public static async Task ShowAsync(WorkerPool pool, string url, IEnumerable<string> urls, Action<object> log)
    {
        try
        {
            await pool.Submit("tidy-up");                     // no arguments, no result

            var options = new TaskOptions { TimeLimit = TimeSpan.FromSeconds(5), Idempotent = true };
            var future = pool.Submit<Page>("render", [url], options);
            future.Cancel();                                  // stops it, running or not; the process goes if it must

            await foreach (var page in pool.Map<string, Page>("render", urls))        // in order, bounded ahead
            {
                log(page);
            }

            var futures = urls.Select(u => pool.Submit<Page>("render", [u])).ToList();
            await foreach (var done in TaskFuture.AsCompleted(futures, TimeSpan.FromMinutes(1)))
            {
                log(done.State);
            }
        }
        catch (TaskException e) when (e.Kind == TaskFailureKind.WorkerLost)
        {
            log(e.Failure.Deaths[0]);                         // worker images/2#7 (pid 4711) ended after 12.3 s: Crash, SIGSEGV …
        }
    }

    internal sealed record Page(string Title, int Length);
}
