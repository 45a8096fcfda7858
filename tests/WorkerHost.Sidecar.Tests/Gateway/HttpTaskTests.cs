using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using WorkerHost.Sidecar.Configuration;
using WorkerHost.Sidecar.Hosting;

namespace WorkerHost.Sidecar.Tests.Gateway;

/// <summary>A host with a listener for HTTP/1.1 over workers that die.</summary>
public sealed class HttpHost : IAsyncLifetime
{
    private const string Token = "a-token-of-the-tests-0123456789";

    public HostUnderTest Host { get; private set; } = null!;

    public HttpClient Client { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        var tokenFile = HostUnderTest.TokenFile(Token);
        var images = await WorkerPool.StartAsync(
            TestWorker.Command,
            new EmbeddedPoolOptions { Name = "images", Workers = 2, QuarantineAfter = 1, MaxMessageBytes = 1 << 20 },
            TestContext.Current.CancellationToken);
        var full = await HostUnderTest.InProcess("full", static worker => worker.MapTask("add", static (int a, int b) => a + b));
        Host = await HostUnderTest.StartAsync(
            new DataSettings { Http = "127.0.0.1:0", TokenFile = tokenFile }, new HostedPool("images", images), full);
        File.Delete(tokenFile);
        Client = new HttpClient { BaseAddress = new Uri(Host.Plane.HttpAddress!) };
        Client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Token);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await Host.DisposeAsync();
    }
}

public sealed class HttpTaskTests(HttpHost http) : IClassFixture<HttpHost>
{
    [Theory]
    [InlineData("add", "[20, 22]", "42")]
    [InlineData("upper", "\"grün\"", "\"GR\\u00DCN\"")]
    [InlineData("increment", " 41 ", "42")]
    [InlineData("sum", "[[1, 2, 3]]", "6")]
    [InlineData("nothing", "", "null")]
    [InlineData("nothing", "[]", "null")]
    [InlineData("count", "3", "[0,1,2]")]
    public async Task A_task_runs_with_an_array_of_arguments_or_the_only_one(string task, string body, string result)
    {
        using var response = await PostAsync($"/v1/tasks/{task}?pool=images", body);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("application/json", response.Content.Headers.ContentType?.ToString());
        Assert.Equal(result, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Bytes_go_in_and_come_out_as_they_are()
    {
        var bytes = Enumerable.Range(0, 300_000).Select(static i => (byte)i).ToArray();
        using var content = new ByteArrayContent(bytes) { Headers = { ContentType = new MediaTypeHeaderValue("application/octet-stream") } };
        using var response = await http.Client.PostAsync(Of("/v1/tasks/echo?pool=images"), content, TestContext.Current.CancellationToken);

        Assert.Equal("application/octet-stream", response.Content.Headers.ContentType?.ToString());
        Assert.Equal(bytes, await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_message_of_protobuf_goes_to_the_method_of_a_service()
    {
        var note = new WorkerHost.Tests.Protos.Note { Text = "by hand" };
        using var content = new ByteArrayContent(Google.Protobuf.MessageExtensions.ToByteArray(note)) { Headers = { ContentType = new MediaTypeHeaderValue("application/x-protobuf") } };
        using var response = await http.Client.PostAsync(Of("/v1/tasks/workerhost.tests.Probe/Echo?pool=images"), content, TestContext.Current.CancellationToken);

        Assert.Equal("by hand", WorkerHost.Tests.Protos.Note.Parser.ParseFrom(await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken)).Text);
    }

    [Fact]
    public async Task The_headers_say_what_a_request_of_grpc_has_fields_for()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, Of("/v1/tasks/worker")) { Content = Json("") };
        request.Headers.Add("workerhost-pool", "images");
        request.Headers.Add("workerhost-id", "mine-1");
        request.Headers.Add("workerhost-time-limit", "30.5");
        request.Headers.Add("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
        request.Headers.Add("cookie", "of the browser");
        using var response = await http.Client.SendAsync(request, TestContext.Current.CancellationToken);

        var facts = await response.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken);
        Assert.Equal("mine-1", facts.GetProperty("id").GetString());
        Assert.InRange(facts.GetProperty("timeRemainingMs").GetDouble(), 1, 30_500);
        Assert.DoesNotContain("cookie", facts.GetProperty("headers").GetRawText(), StringComparison.OrdinalIgnoreCase);
        Assert.Equal("mine-1", Assert.Single(response.Headers.GetValues("workerhost-id")));
        Assert.StartsWith("images/", Assert.Single(response.Headers.GetValues("workerhost-worker")), StringComparison.Ordinal);
        Assert.Equal("1", Assert.Single(response.Headers.GetValues("workerhost-attempts")));
    }

    [Theory]
    [InlineData("/v1/tasks/no-such-task?pool=images", "[]", 404, "unknown-task", "no-such-task")]
    [InlineData("/v1/tasks/add?pool=audio", "[]", 404, "no-such-pool", "the pools are full, images")]
    [InlineData("/v1/tasks/add", "[]", 400, "which-pool", "name one of full, images, as ?pool=NAME")]
    [InlineData("/v1/tasks/add?pool=images", "[1, \"two\"]", 400, "bad-input", "add")]
    [InlineData("/v1/tasks/add?pool=images", "1, 2", 400, "not-json", "the body is no JSON")]
    [InlineData("/v1/tasks/add?pool=images", "[1, 2", 400, "not-json", "the body is no JSON")]
    [InlineData("/v1/tasks/throw?pool=images", "\"no luck\"", 500, "task-failed", "no luck")]
    [InlineData("/v1/tasks/signal?pool=images", "9", 502, "worker-lost", "SIGKILL")]
    [InlineData("/v1/tasks/segv?pool=images", "", 422, "quarantined", "SIGSEGV")]
    [InlineData("/v1/tasks/workerhost.tests.Probe/Echo?pool=images", "{}", 415, "content-type", "JSON is not made into messages of gRPC here")]
    [InlineData("/elsewhere", "", 404, "no-such-path", "POST /v1/tasks/NAME runs a task")]
    public async Task A_failure_is_a_problem_with_everything_known(string path, string body, int status, string kind, string detail)
    {
        using var response = await PostAsync(path, body);

        var problem = await response.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken);
        Assert.Equal((status, "application/problem+json"), ((int)response.StatusCode, response.Content.Headers.ContentType?.ToString()));
        Assert.Equal((status, $"urn:workerhost:{kind}"), (problem.GetProperty("status").GetInt32(), problem.GetProperty("type").GetString()));
        Assert.Contains(detail, problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        if (kind is "worker-lost" or "quarantined")
        {
            Assert.Equal("images", problem.GetProperty("failure").GetProperty("deaths")[0].GetProperty("pool").GetString());
        }
    }

    [Fact]
    public async Task A_time_limit_that_passes_is_a_504_and_a_wrong_one_a_400()
    {
        using var late = await PostAsync("/v1/tasks/sleep?pool=images", "600000", ("workerhost-time-limit", "0.2"));
        Assert.Equal(HttpStatusCode.GatewayTimeout, late.StatusCode);
        using var wrong = await PostAsync("/v1/tasks/sleep?pool=images", "1", ("workerhost-time-limit", "soon"));
        Assert.Equal(HttpStatusCode.BadRequest, wrong.StatusCode);
        Assert.Contains("workerhost-time-limit is 'soon'; allowed: seconds above 0", await wrong.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_cannot_be_taken_now_is_told_when_to_come_again()
    {
        await using var host = await HostUnderTest.StartAsync(
            new DataSettings { Http = "127.0.0.1:0", TokenFile = HostUnderTest.TokenFile("0123456789abcdef") },
            new HostedPool("small", await WorkerPool.StartInProcessAsync(
                static worker => worker.MapTask("wait", static (CancellationToken token) => Task.Delay(Timeout.Infinite, token)),
                new InProcessPoolOptions { Name = "small", Concurrency = 1, QueueCapacity = 0 },
                TestContext.Current.CancellationToken)));
        using var client = new HttpClient { BaseAddress = new Uri(host.Plane.HttpAddress!) };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "0123456789abcdef");
        using var leave = new CancellationTokenSource();
        var running = client.PostAsync(Of("/v1/tasks/wait"), Json(""), leave.Token);
        await Eventually.IsTrue(() => host.Pools.All[0].Pool.UnsettledTasks == 1);

        using var full = await client.PostAsync(Of("/v1/tasks/wait"), Json(""), TestContext.Current.CancellationToken);
        Assert.Equal((HttpStatusCode.TooManyRequests, true), (full.StatusCode, full.Headers.RetryAfter?.Delta >= TimeSpan.FromSeconds(1)));

        // Who goes away takes his task along.
        await leave.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        await Eventually.IsTrue(() => host.Pools.All[0].Pool.UnsettledTasks == 0);

        host.Plane.Drain();
        using var leaving = await client.PostAsync(Of("/v1/tasks/wait"), Json(""), TestContext.Current.CancellationToken);
        Assert.Equal((HttpStatusCode.ServiceUnavailable, true), (leaving.StatusCode, leaving.Headers.RetryAfter is not null));
    }

    [Fact]
    public async Task Too_long_a_body_is_refused_whether_its_length_is_said_or_not()
    {
        var body = new byte[(1 << 20) + 1];
        body.AsSpan().Fill((byte)' ');
        using var said = new HttpRequestMessage(HttpMethod.Post, Of("/v1/tasks/add?pool=images")) { Content = new ByteArrayContent(body) };
        said.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");

        // Who begins to send what is refused may lose the answer with the connection.
        said.Headers.ExpectContinue = true;
        using var response = await http.Client.SendAsync(said, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);

        using var unsaid = new HttpRequestMessage(HttpMethod.Post, Of("/v1/tasks/add?pool=images")) { Content = new StreamContent(new MemoryStream(body)) };
        unsaid.Headers.TransferEncodingChunked = true;
        unsaid.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        using var chunked = await http.Client.SendAsync(unsaid, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, chunked.StatusCode);
    }

    [Theory]
    [InlineData("text/plain", 415)]
    [InlineData("application/json; charset=utf-8", 200)]
    [InlineData("APPLICATION/JSON", 200)]
    public async Task What_the_body_is_said_to_be_counts(string contentType, int status)
    {
        using var content = new StringContent("[1, 2]");
        content.Headers.Remove("Content-Type");
        content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        using var response = await http.Client.PostAsync(Of("/v1/tasks/add?pool=images"), content, TestContext.Current.CancellationToken);
        Assert.Equal(status, (int)response.StatusCode);
    }

    [Theory]
    [InlineData("gzip", 415)]
    [InlineData("identity, gzip", 415)]
    [InlineData("Identity", 200)]
    public async Task A_body_that_is_encoded_is_refused(string encoding, int status)
    {
        using var content = Json("[1, 2]");
        content.Headers.TryAddWithoutValidation("content-encoding", encoding);
        using var response = await http.Client.PostAsync(Of("/v1/tasks/add?pool=images"), content, TestContext.Current.CancellationToken);

        Assert.Equal(status, (int)response.StatusCode);
        if (status != 200)
        {
            var problem = await response.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken);
            Assert.Equal(("urn:workerhost:content-encoding", $"the body is encoded as {encoding}; allowed: none (identity), it is taken as it comes"), (problem.GetProperty("type").GetString(), problem.GetProperty("detail").GetString()));
        }
    }

    [Fact]
    public void The_page_has_every_problem_there_is_and_no_other()
    {
        var page = File.ReadAllText(Path.Combine(RepositoryRoot.Path, "src", "docs", "sidecar-clients.md"));
        var rows = page.Split("| what happened | status | word |")[1].Split("\n\n")[0].Split('\n').Skip(2).Select(static row => row.Split('|'));
        var written = rows.SelectMany(static row => row[3].Split(';').Select(word => (Status: int.Parse(row[2].Split(',')[0], CultureInfo.InvariantCulture), Word: word.Trim(' ', '`'))));

        Assert.Equal(
            Sidecar.Gateway.ProblemKind.All.Select(static kind => (kind.Status, kind.Word)).Order(),
            written.Order());
    }

    [Fact]
    public async Task The_list_has_what_can_be_run_pool_by_pool()
    {
        var list = await http.Client.GetFromJsonAsync<JsonElement>(Of("/v1/tasks"), TestContext.Current.CancellationToken);
        Assert.Equal(["full", "images"], list.GetProperty("pools").EnumerateArray().Select(static p => p.GetProperty("name").GetString()));
        var images = list.GetProperty("pools")[1].GetProperty("tasks").EnumerateArray().ToDictionary(static t => t.GetProperty("name").GetString()!);
        Assert.Equal("application/json", images["add"].GetProperty("contentTypes")[0].GetString());
        Assert.True(images["count"].GetProperty("yieldsItems").GetBoolean());
        Assert.Equal((false, true), (images["/workerhost.tests.Probe/Echo"].GetProperty("streaming").GetBoolean(), images["/workerhost.tests.Probe/Count"].GetProperty("streaming").GetBoolean()));

        using var wrong = await PostAsync("/v1/tasks", "[]");
        Assert.Equal((HttpStatusCode.MethodNotAllowed, "GET"), (wrong.StatusCode, Assert.Single(wrong.Content.Headers.Allow)));
    }

    [Fact]
    [Trait("Scenario", "59")]
    public async Task What_is_no_http_ends_its_connection_and_nothing_else()
    {
        var address = new Uri(http.Host.Plane.HttpAddress!);
        foreach (var garbage in new[] { "\0\0\0\0\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", $"POST /v1/tasks/add HTTP/1.1\r\nHost: x\r\nx: {new string('a', 70_000)}\r\n\r\n" })
        {
            using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(address.Host, address.Port, TestContext.Current.CancellationToken);
            await socket.SendAsync(Encoding.ASCII.GetBytes(garbage), TestContext.Current.CancellationToken);
            var answer = new byte[1024];
            try
            {
                while (await socket.ReceiveAsync(answer, TestContext.Current.CancellationToken) > 0)
                {
                }
            }
            catch (SocketException)
            {
                // Reset: refused as well.
            }
        }

        using var response = await PostAsync("/v1/tasks/add?pool=images", "[1, 2]");
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    private async Task<HttpResponseMessage> PostAsync(string path, string body, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, Of(path)) { Content = Json(body) };
        foreach (var (name, value) in headers)
        {
            request.Headers.Add(name, value);
        }

        return await http.Client.SendAsync(request, TestContext.Current.CancellationToken);
    }

    private static Uri Of(string path) => new(path, UriKind.Relative);

    private static StringContent Json(string body) => new(body, Encoding.UTF8, "application/json");
}
