using System.Net;
using Microsoft.Extensions.Time.Testing;
using WorkerHost.Sidecar.Admin;
using WorkerHost.V1;

namespace WorkerHost.Sidecar.Tests.Admin;

/// <summary>A host that is not live, and a configuration that is read again.</summary>
public sealed class HealthTests
{
    [Fact]
    [Trait("Scenario", "57")]
    public async Task A_host_whose_loop_is_stuck_is_not_live()
    {
        using var clock = new StuckClock();
        var options = AdminHost.Options("stuck", 1) with { TimeProvider = clock };
        var pool = EmbeddedWorkerPool.Begin(WorkerCommand.Create("/bin/sleep", "600"), options);
        var time = new FakeTimeProvider();
        await using var host = await AdminHost.StartAsync([pool], time: time);
        Assert.Contains("\"live\": true", await host.Http.GetStringAsync("/healthz"), StringComparison.Ordinal);

        clock.Stop();
        var scaled = pool.Supervisor.ScaleAsync(2);
        await clock.Stuck.WaitAsync(Eventually.Patience);
        var asked = host.Http.GetAsync("/healthz");
        try
        {
            await Eventually.IsTrue(() =>
            {
                time.Advance(TimeSpan.FromSeconds(5));
                return asked.IsCompleted;
            });
        }
        finally
        {
            // Nothing could be disposed of before.
            clock.Go();
        }

        using var answer = await asked;
        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.Contains("the supervisor of pool stuck has not answered for 5 s", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Contains("\"live\": true", await host.Http.GetStringAsync("/healthz"), StringComparison.Ordinal);
        Assert.False(scaled.IsFaulted);
        Unawaited.Observe(scaled);
    }

    [Fact]
    public async Task A_configuration_is_read_again_and_a_wrong_one_is_told_whole()
    {
        var results = new Queue<ReloadResult>([new() { Errors = ["pools:images:workers is 0", "data:tcp is x"] }, new() { Added = ["pdf"], Unchanged = ["images"], NeedsRestart = ["data:tcp"] }]);
        await using var host = await AdminHost.StartAsync([], _ => Task.FromResult(results.Dequeue()));
        var (status, message) = await AdminHost.RefusalAsync(() => host.Client.ReloadConfigurationAsync(new ReloadConfigurationRequest()).ResponseAsync);
        Assert.Equal(Grpc.Core.StatusCode.InvalidArgument, status);
        Assert.Contains("\n  pools:images:workers is 0\n  data:tcp is x", message, StringComparison.Ordinal);
        var done = await host.Client.ReloadConfigurationAsync(new ReloadConfigurationRequest());
        Assert.Equal(("pdf", "images", "data:tcp"), (done.Added.Single(), done.Unchanged.Single(), done.NeedsRestart.Single()));
        Assert.Equal("The host is not ready: the host has no pools.", (await host.ExplainAsync(new ExplainRequest { Readiness = new ReadinessQuestion() })).Single());
    }

    /// <summary>Holds up whoever looks at the wall clock, as a supervisor does when it says what has happened.</summary>
    private sealed class StuckClock : TimeProvider, IDisposable
    {
        private readonly ManualResetEventSlim go = new(initialState: true);
        private readonly TaskCompletionSource stuck = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Stuck => stuck.Task;

        public void Stop() => go.Reset();

        public void Go() => go.Set();

        public override DateTimeOffset GetUtcNow()
        {
            if (!go.IsSet)
            {
                stuck.TrySetResult();
                go.Wait();
            }

            return base.GetUtcNow();
        }

        public void Dispose() => go.Dispose();
    }
}
