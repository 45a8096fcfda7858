using System.Net;
using Polly;
using Polly.Registry;

namespace WorkerHost.Samples;

internal static class RetriesPage
{
    public static async Task AttemptsAsync(WorkerPool pool, string url, Action<object> log)
    {
        var options = new TaskOptions { Idempotent = true, Attempts = 5 };
        var future = pool.Submit<Page>("render", [url], options);
        try
        {
            log(await future);
        }
        catch (TaskException e)
        {
            foreach (var attempt in future.Attempts)
            {
                log(attempt);                               // where it was, from when to when, and how it ended
            }

            log(e.Failure);
        }
    }

    public static void Retryable(WorkerApplication worker)
    {
        worker.MapTask("fetch", async (string url, HttpClient http, CancellationToken token) =>
        {
            var response = await http.GetAsync(url, token);
            if (response.StatusCode == HttpStatusCode.TooManyRequests)
            {
                throw new RetryableTaskException($"{url} is busy") { RetryAfter = TimeSpan.FromSeconds(2) };
            }

            return await response.Content.ReadAsStringAsync(token);
        });
    }

    public static async Task PipelinesAsync(string url)
    {
        var registry = new ResiliencePipelineRegistry<string>();
        registry.TryAddBuilder("patient", (builder, _) => builder.AddTimeout(TimeSpan.FromSeconds(30)));

        await using var pool = await WorkerPool.StartAsync(WorkerCommand.Self(), new EmbeddedPoolOptions { AttemptPipelines = registry });
        var page = await pool.Submit<Page>("render", [url], new TaskOptions { AttemptPipeline = "patient", Idempotent = true });
    }

    internal sealed record Page(string Title, int Length);
}
