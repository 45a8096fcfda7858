using System.Diagnostics;
using System.Net.Http.Headers;
using Grpc.Core;
using WorkerHost.Tests.Protos;
using WorkerHost.V1;

namespace WorkerHost.Sidecar.Tests.Gateway;

/// <summary>Where the spans of a task belong whose caller has nothing of ours: below what he says in <c>traceparent</c>, whichever way he comes, and else nowhere.</summary>
[Trait("Scenario", "58")]
public sealed class ForeignTraceTests(HttpHost http) : IClassFixture<HttpHost>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static TheoryData<string> Ways => ["Run", "RunWithEvents", "method", "stream", "HTTP"];

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task A_trace_goes_on_that_comes_as_metadata_or_as_a_header(string way)
    {
        using var spans = new CollectedSpans(Client.PoolMeter.Name);
        var (trace, parent) = (ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom());
        var id = await CallAsync(way, new Metadata { { "traceparent", $"00-{trace}-{parent}-01" }, { "tracestate", "vendor=1" } });

        var task = await TaskSpanAsync(spans, span => span.TraceId == trace);
        Assert.Equal((parent, ActivityKind.Server, true), (task.ParentSpanId, task.Kind, task.HasRemoteParent));
        Assert.Equal("vendor=1", task.TraceStateString);
        Assert.Equal(id ?? task.GetTagItem("workerhost.task.id"), task.GetTagItem("workerhost.task.id"));
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Without_one_it_is_a_trace_of_its_own_and_hangs_below_nothing_that_nobody_exports(string way)
    {
        using var spans = new CollectedSpans(Client.PoolMeter.Name);
        var id = $"lone-{Guid.NewGuid():n}";
        await CallAsync(way, new Metadata { { "workerhost-priority", "1" } }, id);

        var task = await TaskSpanAsync(spans, span => way == "stream" || id.Equals(span.GetTagItem("workerhost.task.id")));
        Assert.Equal(default, task.ParentSpanId);
    }

    // Ended just behind the answer.
    private static async Task<Activity> TaskSpanAsync(CollectedSpans spans, Func<Activity, bool> wanted)
    {
        Activity? found = null;
        await Eventually.IsTrue(() => (found = spans.With(Client.PoolMeter.Pool, "images").FirstOrDefault(span => span.DisplayName.StartsWith("task ", StringComparison.Ordinal) && wanted(span))) is not null, "the task's span has ended");
        return found!;
    }

    /// <returns>The task's id, where the caller hears of it.</returns>
    private async Task<string?> CallAsync(string way, Metadata metadata, string id = "")
    {
        var channel = http.Host.OverSocket();
        var add = HostUnderTest.Request("add", "[1, 2]");
        (add.Pool, add.Id) = ("images", id);
        switch (way)
        {
            case "Run":
                return (await new TaskEndpoint.TaskEndpointClient(channel).RunAsync(add, metadata, cancellationToken: Token)).Id;

            case "RunWithEvents":
                using (var events = new TaskEndpoint.TaskEndpointClient(channel).RunWithEvents(new RunWithEventsRequest { Task = add, CollectsItems = true }, metadata, cancellationToken: Token))
                {
                    RunWithEventsResponse? last = null;
                    while (await events.ResponseStream.MoveNext(Token))
                    {
                        last = events.ResponseStream.Current;
                    }

                    return last!.Outcome.Id;
                }

            case "method":
                metadata.Add("workerhost-id", id);
                metadata.Add("workerhost-pool", "images");
                await new Probe.ProbeClient(channel).EchoAsync(new Note { Text = "a" }, metadata, cancellationToken: Token);
                return null;

            case "stream":
                metadata.Add("workerhost-pool", "images");
                using (var counting = new Probe.ProbeClient(channel).Count(new Script { Count = 1 }, metadata, cancellationToken: Token))
                {
                    while (await counting.ResponseStream.MoveNext(Token))
                    {
                    }
                }

                return null;

            default:
                using (var request = new HttpRequestMessage(HttpMethod.Post, new Uri("/v1/tasks/add?pool=images", UriKind.Relative)))
                {
                    request.Content = new StringContent("[1, 2]") { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
                    request.Headers.Add("workerhost-id", id.Length > 0 ? id : "http-traced");
                    foreach (var entry in metadata)
                    {
                        request.Headers.Add(entry.Key, entry.Value);
                    }

                    using var response = await http.Client.SendAsync(request, Token);
                    Assert.True(response.IsSuccessStatusCode);
                    return response.Headers.GetValues("workerhost-id").Single();
                }
        }
    }
}
