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
