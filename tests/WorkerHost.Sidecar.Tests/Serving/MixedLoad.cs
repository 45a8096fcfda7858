using System.Net.Http.Headers;
using System.Text;
using Google.Protobuf;
using Grpc.Core;
using WorkerHost.Sidecar.Tests.Admin;
using WorkerHost.Sidecar.Tests.Gateway;
using WorkerHost.V1;

namespace WorkerHost.Sidecar.Tests.Serving;

/// <summary>All that clients do with a host, at once: each part is a client, or several, that does one thing again and again.</summary>
internal sealed class MixedLoad : IAsyncDisposable
{
    private const int Large = 2 * 1024 * 1024;

    private static readonly TaskOptions Patient = new() { Idempotent = true, Attempts = 100 };

    private readonly List<(string Name, Load Load)> parts = [];
    private readonly RunningHost host;
    private readonly WorkerPool pool;
    private readonly TaskEndpoint.TaskEndpointClient endpoint;
    private readonly HttpClient http;
    private readonly byte[] large = new byte[Large];

    private MixedLoad(RunningHost host, WorkerPool pool)
    {
        this.host = host;
        this.pool = pool;
        endpoint = host.Endpoint();
        http = host.Http();
        new Random(6).NextBytes(large);
    }

    public static async Task<MixedLoad> StartAsync(RunningHost host)
    {
        var load = new MixedLoad(host, await host.ConnectAsync());
        load.Add("small", 8, () => load.pool.Submit<int>("add", [1, 2], Patient).Task);
        load.Add("large", 1, load.LargeAsync);
        load.Add("failing", 1, load.FailAsync);
        load.Add("cancelled", 2, load.CancelAsync);
        load.Add("known by ids", 2, () => load.pool.Submit<int>("add", [1, 2], Patient with { Id = Guid.NewGuid().ToString("n") }).Task);
        load.Add("coming and going", 1, load.ComeAndGoAsync);
        load.Add("cut off", 1, load.BeCutOffAsync);
        load.Add("calls", 2, load.CallAsync);
        load.Add("calls that end too late", 1, load.CallTooLongAsync);
        load.Add("over HTTP", 2, load.PostAsync);
        return load;
    }

    public IEnumerable<Exception> Failures => parts.SelectMany(static p => p.Load.Failures);

    /// <summary>How often each was done.</summary>
    public override string ToString() => string.Join(", ", parts.Select(static p => $"{p.Load.Finished} {p.Name}"));

    /// <summary>Each part does what it does once more.</summary>
    public Task AnotherAsync() => Task.WhenAll(parts.Select(static p => p.Load.AnotherAsync(1)));

    public async Task StopAsync() => await Task.WhenAll(parts.Select(static p => p.Load.StopAsync()));

    public async ValueTask DisposeAsync()
    {
        http.Dispose();
        await pool.DisposeAsync();
    }

    private void Add(string name, int inFlight, Func<Task> call) => parts.Add((name, Load.Start(inFlight, call)));

    private async Task LargeAsync()
    {
        var echo = await pool.SubmitBytes("echo", large, Patient).Task;
        Assert.True(echo.Span.SequenceEqual(large));
    }

    private async Task FailAsync()
    {
        foreach (var (task, arguments, kind) in new (string, object?[], TaskFailureKind)[]
                 {
                     ("throw", ["no luck"], TaskFailureKind.TaskFailed), ("no-such-task", [], TaskFailureKind.UnknownTask), ("add", ["one"], TaskFailureKind.BadInput),
                 })
        {
            var failure = await Assert.ThrowsAnyAsync<TaskException>(() => pool.Submit(task, arguments, Patient).Completion);
            Assert.Equal(kind, failure.Kind);
        }
    }

    // Some while they wait, some while they run.
    private async Task CancelAsync()
    {
        var task = pool.Submit<int>("sleep", [5], Patient);
        await pool.Submit<int>("add", [1, 2], Patient).Task;
        task.Cancel();
        await task.Completion.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        Assert.True(task.State is TaskState.Succeeded or TaskState.Cancelled, $"{task.State} {task.Failure}");
    }

    private async Task ComeAndGoAsync()
    {
        await using var own = await host.ConnectAsync();
        await TaskFuture.WhenAll(Enumerable.Range(0, 20).Select(i => own.Submit<int>("add", [i, 1], Patient)));
    }

    private async Task BeCutOffAsync()
    {
        using var client = await RawClient.OpenAsync(host.Data, Guid.NewGuid().ToString("n"));
        await client.SubmitAsync(1, 1, "add", "[1,2]", idempotent: true);
        await client.SubmitAsync(2, 2, "fill", "[10000]", idempotent: true);
        await client.OutcomeAsync();
        client.Cut();
    }

    private async Task CallAsync()
    {
        using var channel = AdminHost.Channel(host.Data);
        var own = new TaskEndpoint.TaskEndpointClient(channel);
        for (var i = 0; i < 20; i++)
        {
            await own.RunAsync(Request("add", "[1,2]"));
        }
    }

    private async Task CallTooLongAsync()
    {
        var late = await Assert.ThrowsAsync<RpcException>(() => endpoint.RunAsync(Request("sleep", "[600000]"), deadline: DateTime.UtcNow.AddMilliseconds(50)).ResponseAsync);
        Assert.Equal(StatusCode.DeadlineExceeded, late.StatusCode);
    }

    private async Task PostAsync()
    {
        using var content = new ByteArrayContent(large, 0, 100_000) { Headers = { ContentType = new MediaTypeHeaderValue("application/octet-stream") } };
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri("/v1/tasks/echo", UriKind.Relative)) { Content = content, Headers = { { "workerhost-idempotent", "true" }, { "workerhost-max-attempts", "100" } } };
        using var response = await http.SendAsync(request);
        Assert.Equal(100_000, (await response.EnsureSuccessStatusCode().Content.ReadAsByteArrayAsync()).Length);
        using var wrong = await http.PostAsync(new Uri("/v1/tasks/add", UriKind.Relative), new StringContent("no JSON", Encoding.UTF8, "application/json"));
        Assert.Equal(System.Net.HttpStatusCode.BadRequest, wrong.StatusCode);
    }

    private static RunRequest Request(string task, string arguments) => new()
    {
        Task = task,
        Idempotent = true,
        MaxAttempts = 100,
        Payload = new Payload { ContentType = "application/json", Data = ByteString.CopyFromUtf8(arguments) },
    };
}
