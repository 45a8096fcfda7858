using WorkerHost.V1;

namespace WorkerHost.Sidecar.Tests.Gateway;

/// <summary>A client that comes back over another connection finds its tasks as it left them.</summary>
public sealed class AttachTests(GatewayFixture host) : IClassFixture<GatewayFixture>, IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("workerhost-").FullName;

    [Fact]
    public async Task A_task_goes_on_while_its_client_is_away_and_is_given_to_it_when_it_comes_back()
    {
        var (here, there) = (Path.Combine(directory, "here"), Path.Combine(directory, "there"));
        using (var first = await RawClient.OpenAsync(host.Address, "away"))
        {
            await first.SubmitAsync(1, 7, "meet", $"""["{here}","{there}"]""");
            await Eventually.IsTrue(() => File.Exists(here));
            first.Cut();
        }

        using var second = await RawClient.OpenAsync(host.Address, "away");
        await second.SubmitAsync(1, 7, "meet", $"""["{here}","{there}"]""", again: true);
        await File.WriteAllTextAsync(there, "", TestContext.Current.CancellationToken);
        var outcome = await second.OutcomeAsync();
        Assert.Null(outcome.Failure);
        Assert.Contains(host.Workers.Workers, w => w.Pid.ToString(System.Globalization.CultureInfo.InvariantCulture) == outcome.Data.ToStringUtf8());
    }

    [Fact]
    public async Task An_outcome_that_its_client_has_not_seen_is_kept_for_it_and_nothing_runs_twice()
    {
        var log = Path.Combine(directory, "log");
        using (var first = await RawClient.OpenAsync(host.Address, "unseen"))
        {
            await first.SubmitAsync(1, 1, "record", $"""["{log}",0]""");
            await first.OutcomeAsync();
            first.Cut();
        }

        using var second = await RawClient.OpenAsync(host.Address, "unseen");
        await second.SubmitAsync(1, 1, "record", $"""["{log}",0]""", again: true);
        Assert.Equal("\"unseen-1\"", (await second.OutcomeAsync()).Data.ToStringUtf8());
        Assert.Equal(2, (await File.ReadAllLinesAsync(log, TestContext.Current.CancellationToken)).Length);
    }

    [Fact]
    public async Task What_was_seen_is_forgotten_and_not_run_again_for_whoever_asks_all_the_same()
    {
        using var client = await RawClient.OpenAsync(host.Address, "seen");
        await client.SubmitAsync(1, 1, "add", "[1,2]");
        await client.OutcomeAsync();
        await client.SendAsync(new SessionRequest { OutcomesSeen = 1 });
        await client.SubmitAsync(2, 1, "add", "[1,2]", again: true);
        var outcome = await client.OutcomeAsync();
        Assert.Equal(V1.TaskFailureKind.WorkerLost, outcome.Failure.Kind);
        Assert.Contains("does not know it any more", outcome.Failure.Message, StringComparison.Ordinal);
        await client.SubmitAsync(3, 1, "add", "[1,2]", again: true, idempotent: true);
        Assert.Equal("3", (await client.OutcomeAsync()).Data.ToStringUtf8());
    }

    [Fact]
    public async Task What_never_came_is_run_although_it_is_not_idempotent_for_who_says_which_session_it_was_sent_in()
    {
        using var first = await RawClient.OpenAsync(host.Address, "never-came");
        first.Cut();
        using var second = await RawClient.OpenAsync(host.Address, "never-came", first.Key);
        await second.SubmitAsync(1, 1, "add", "[1,2]", again: true);
        Assert.Equal("3", (await second.OutcomeAsync()).Data.ToStringUtf8());
        second.Cut();

        // It does not say so: as clients do that are older than that.
        using var silent = await RawClient.OpenAsync(host.Address, "never-came");
        await silent.SubmitAsync(1, 2, "add", "[1,2]", again: true);
        Assert.Equal(V1.TaskFailureKind.WorkerLost, (await silent.OutcomeAsync()).Failure.Kind);
    }

    [Fact]
    public async Task What_a_host_cannot_say_whether_it_came_is_lost()
    {
        // It may have been forgotten with its client.
        using var unknown = await RawClient.OpenAsync(host.Address, "unheard-of", resumes: 4711);
        await unknown.SubmitAsync(1, 1, "add", "[1,2]", again: true);
        Assert.Equal(V1.TaskFailureKind.WorkerLost, (await unknown.OutcomeAsync()).Failure.Kind);
        unknown.Cut();

        // Nor is it known later, by what followed.
        using var next = await RawClient.OpenAsync(host.Address, "unheard-of", unknown.Key);
        await next.SubmitAsync(1, 2, "add", "[1,2]", again: true);
        Assert.Equal(V1.TaskFailureKind.WorkerLost, (await next.OutcomeAsync()).Failure.Kind);
    }

    [Fact]
    public async Task A_session_that_another_takes_the_place_of_is_read_no_further()
    {
        using var old = await RawClient.OpenAsync(host.Address, "half-open");
        using var fresh = await RawClient.OpenAsync(host.Address, "half-open", old.Key);
        var e = await Assert.ThrowsAsync<Grpc.Core.RpcException>(old.NextAsync);
        Assert.NotEqual(Grpc.Core.StatusCode.OK, e.StatusCode);
        await fresh.SubmitAsync(1, 1, "add", "[20,22]");
        Assert.Equal("42", (await fresh.OutcomeAsync()).Data.ToStringUtf8());
    }

    [Theory]
    [InlineData("add", "[1,3]", "others")]
    [InlineData("add", "[1,22]", "5 bytes")]
    [InlineData("sum", "[1,2]", "task add")]
    public async Task Another_task_under_the_same_number_is_refused(string task, string arguments, string difference)
    {
        using var client = await RawClient.OpenAsync(host.Address, "mixed-up");
        await client.SubmitAsync(1, 1, "add", "[1,2]");
        await client.OutcomeAsync();
        await client.SubmitAsync(2, 1, task, arguments, again: true);
        var outcome = await client.OutcomeAsync();
        Assert.Equal(V1.TaskFailureKind.BadInput, outcome.Failure.Kind);
        Assert.Contains(difference, outcome.Failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_claims_to_have_seen_more_than_was_sent_is_told_so()
    {
        using var client = await RawClient.OpenAsync(host.Address, "liar");
        await client.SendAsync(new SessionRequest { OutcomesSeen = 3 });
        var e = await Assert.ThrowsAsync<Grpc.Core.RpcException>(client.NextAsync);
        Assert.Contains("only 0 were sent", e.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_host_says_that_it_can_and_for_how_long()
    {
        using var client = await RawClient.OpenAsync(host.Address, "asks");
        Assert.Contains("attach", client.Hello.Capabilities);
        Assert.Equal(30_000u, client.Hello.AbandonedAfterMs);
        Assert.Equal("host-1", client.Hello.HostInstance);
    }

    public void Dispose() => Directory.Delete(directory, recursive: true);
}
