namespace WorkerHost.Samples;

internal static class StoppingPage
{
    public static async Task StopAsync(WorkerPool pool, string url, Action<object> log)
    {
        var future = pool.Submit<Page>("render", [url], new TaskOptions { TimeLimit = TimeSpan.FromSeconds(5) });
        future.Cancel();                                    // true: it had not ended
        log(future.State);                                  // Cancelled, at once
        await future.Settled;                               // nothing of it runs any more
    }

    public static void Heed(WorkerApplication worker, Renderer renderer)
    {
        worker.MapTask("render", (string url, CancellationToken token) =>
        {
            while (renderer.HasMore)
            {
                token.ThrowIfCancellationRequested();
                renderer.Step(url);
            }
        });
    }

    internal sealed record Page(string Title, int Length);

    internal sealed class Renderer
    {
        private int left = 100;

        public bool HasMore => left > 0;

        public void Step(string url) => left -= url.Length;
    }
}
