using System.Collections.Concurrent;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Google.Protobuf;
using Grpc.Core;
using WorkerHost.Client;
using WorkerHost.Tests;
using WorkerHost.V1;

namespace WorkerHost.Sidecar.Tests.Serving;

/// <summary>One of many clients of a host: it has the task <c>record</c> run so often, every other time as one that may be run again.</summary>
/// <param name="name">The beginning of the ids of its tasks.</param>
/// <param name="log">Where handlers write down that they run.</param>
internal sealed class Caller(string name, string log)
{
    private readonly ConcurrentQueue<StormOutcome> outcomes = [];

    /// <summary>What it was told of each.</summary>
    public IReadOnlyCollection<StormOutcome> Outcomes => outcomes;

    /// <summary>All at once, in a session.</summary>
    public async Task SubmitAsync(WorkerPool pool, int tasks)
    {
        var futures = Enumerable.Range(0, tasks).Select(i => pool.Submit<string>("record", [log, 1], new TaskOptions { Id = Id(i), Idempotent = IsIdempotent(i) })).ToList();
        var ends = new int[tasks];
        var left = tasks;
        var told = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        for (var i = 0; i < tasks; i++)
        {
            var number = i;
            futures[i].AddDoneCallback(_ =>
            {
                Interlocked.Increment(ref ends[number]);
                if (Interlocked.Decrement(ref left) == 0)
                {
                    told.SetResult();
                }
            });
        }

        await told.Task;
        for (var i = 0; i < tasks; i++)
        {
            outcomes.Enqueue(new StormOutcome(Id(i), IsIdempotent(i), Volatile.Read(ref ends[i]), futures[i].Failure is null ? futures[i].GetResult() : null, futures[i].Failure));
        }
    }

    /// <summary>A call for each, with nothing but the contract.</summary>
    public Task CallAsync(TaskEndpoint.TaskEndpointClient endpoint, int tasks, int atOnce) => EachAsync(tasks, atOnce, async i =>
    {
        try
        {
            var response = await endpoint.RunAsync(new RunRequest
            {
                Id = Id(i),
                Task = "record",
                Payload = new Payload { ContentType = "application/json", Data = ByteString.CopyFromUtf8($"[\"{log}\",1]") },
                Idempotent = IsIdempotent(i),
            });
            return (JsonSerializer.Deserialize<string>(response.Result.Data.Span), null);
        }
        catch (RpcException e) when (WireFailure.Sent(e, default) is { } failure)
        {
            return (null, failure);
        }
    });

    /// <summary>The same over HTTP/1.1.</summary>
    public Task PostAsync(HttpClient http, int tasks, int atOnce) => EachAsync(tasks, atOnce, async i =>
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri("/v1/tasks/record", UriKind.Relative)) { Content = new StringContent($"[\"{log}\",1]", Encoding.UTF8, "application/json") };
        request.Headers.Add("workerhost-id", Id(i));
        request.Headers.Add("workerhost-idempotent", IsIdempotent(i) ? "true" : "false");
        using var response = await http.SendAsync(request);
        if (response.IsSuccessStatusCode)
        {
            return (await response.Content.ReadFromJsonAsync<string>(), null);
        }

        var problem = await response.Content.ReadFromJsonAsync<JsonElement>();
        return (null, WireFailure.Read(V1.TaskFailure.Parser.ParseJson(problem.GetProperty("failure").GetRawText()), default));
    });

    private static bool IsIdempotent(int number) => number % 2 == 0;

    private string Id(int number) => $"{name}-{number}";

    // A call has one end; one that fails with something else than an answer ends the test.
    private async Task EachAsync(int tasks, int atOnce, Func<int, Task<(string? Result, TaskFailure? Failure)>> call)
    {
        var next = -1;
        await Task.WhenAll(Enumerable.Range(0, atOnce).Select(async _ =>
        {
            while (Interlocked.Increment(ref next) is var i && i < tasks)
            {
                var (result, failure) = await call(i);
                outcomes.Enqueue(new StormOutcome(Id(i), IsIdempotent(i), 1, result, failure));
            }
        }));
    }
}
