using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using WorkerHost.V1;

namespace WorkerHost.Sidecar.Tests.Admin;

/// <summary>What operators see and do, over a pool of real workers.</summary>
public sealed class AdminTests(AdminFixture fixture) : IClassFixture<AdminFixture>
{
    private static readonly TimeSpan Patience = Eventually.Patience;

    private readonly AdminHost host = fixture.Host;
    private readonly WorkerPool pool = fixture.Pool;

    [Fact]
    [Trait("Scenario", "56")]
    public async Task Pools_and_workers_are_listed_with_counts_that_add_up()
    {
        await pool.Submit<int>("add", [1, 2]).Task.WaitAsync(Patience);
        var response = await host.Client.ListPoolsAsync(new ListPoolsRequest());
        var images = Assert.Single(response.Pools);
        var workers = (await host.Client.ListWorkersAsync(new ListWorkersRequest())).Workers;

        Assert.Equal(("host-1", true), (response.HostInstance, response.Ready));
        Assert.Equal(("images", true, 2u, 1u, 2u, false), (images.Name, images.Ready, images.Serving, images.Needed, images.Wanted, images.Paused));
        Assert.Equal(2u, images.Workers.Busy + images.Workers.Idle + images.Workers.Starting + images.Workers.Draining + images.Workers.Spare);
        Assert.True(images.Tasks.Succeeded >= 1 && images.Tasks.Submitted >= images.Tasks.Succeeded + images.Tasks.Failed);
        Assert.Equal([0u, 1u], workers.Select(static worker => worker.Slot));
        Assert.All(workers, static worker =>
        {
            Assert.Equal((WorkerState.Ready, "images"), (worker.State, worker.Pool));
            Assert.True(worker.Pid > 1 && worker.StartedAt is not null && worker.ReadyAt is not null && worker.BootTime.ToTimeSpan() > TimeSpan.Zero);
            Assert.StartsWith("unix://", worker.Address, StringComparison.Ordinal);
        });
    }

    [Fact]
    [Trait("Scenario", "55")]
    public async Task A_killed_worker_is_reported_with_everything_and_another_takes_its_place()
    {
        using var watch = host.Client.Watch(new WatchRequest());
        Assert.True(await watch.ResponseStream.MoveNext().WaitAsync(Patience));
        var there = NewPath();
        var slow = pool.Submit<int>("meet", [there, NewPath()], new TaskOptions { Id = "on-the-killed" });

        // The pool knows at once; what the supervisor shows of running tasks may still be an earlier one's.
        bool HasIt(WorkerId worker) => pool.Endpoints.Any(e => e.Worker == worker && e.Tasks.Any(static t => t is { Id: "on-the-killed", IsRunning: true }));
        await Eventually.IsTrue(() => File.Exists(there) && pool.Workers.Any(w => HasIt(w.Id)), "the task runs: one that has only been sent would run elsewhere");
        var busy = pool.Workers.Single(w => HasIt(w.Id));

        var inspected = await host.Client.InspectWorkerAsync(new InspectWorkerRequest { Worker = busy.Id.ToString() });
        var explained = await host.ExplainAsync(new ExplainRequest { Task = new TaskQuestion { Id = "on-the-killed" } });
        var killed = await host.Client.KillWorkerAsync(new KillWorkerRequest { Worker = $"images/{busy.Id.Slot}", Reason = "for a test", Grace = Duration.FromTimeSpan(TimeSpan.Zero), Wait = true });
        var lost = (await Assert.ThrowsAsync<TaskException>(() => slow.Task.WaitAsync(Patience))).Failure;

        var held = Assert.Single(inspected.Tasks);
        Assert.Equal(("on-the-killed", "meet", true, 1u), (held.Id, held.Task, held.Running, inspected.Concurrency));
        Assert.Contains(inspected.Events, static e => e.Kind == "ready");
        Assert.StartsWith($"Task on-the-killed (meet) runs in worker {busy.Id}: attempt 1 of at most", explained[0], StringComparison.Ordinal);
        var death = killed.Death;
        Assert.Equal(busy.Id.ToString(), killed.Worker);
        Assert.Equal((V1.DeathCause.Ordered, "SIGKILL", busy.Pid), (death.Cause, death.Signal, death.Pid));
        Assert.Contains("for a test", death.Reason, StringComparison.Ordinal);
        Assert.Equal(["on-the-killed"], death.RunningTasks);
        Assert.True(death.Uptime.ToTimeSpan() >= death.ReadyFor.ToTimeSpan() && death.ReadyFor.ToTimeSpan() > TimeSpan.Zero && death.PeakMemoryBytes > 1 << 20 && death.Time is not null && death.Next.Length > 0 && death.NextTryIn is not null);
        Assert.Equal(TaskFailureKind.WorkerLost, lost.Kind);

        var died = await NextAsync(watch, static e => e.Kind == "died");
        Assert.Equal(death, died.Death);
        Assert.Equal((busy.Id.ToString(), busy.Pid, true), (died.Worker, died.Pid, died.Text.Contains("for a test", StringComparison.Ordinal)));
        await NextAsync(watch, static e => e.Kind == "ready");
        await fixture.SettledAsync();

        // Of one that is gone its story is kept, and who is there instead.
        var story = await host.ExplainAsync(new ExplainRequest { Worker = busy.Id.ToString() });
        Assert.Contains("for a test", story[0], StringComparison.Ordinal);
        Assert.StartsWith($"In its slot is images/{busy.Id.Slot}#{busy.Id.Incarnation + 1} now: it takes tasks", story[1], StringComparison.Ordinal);
        Assert.Contains((await host.Client.InspectWorkerAsync(new InspectWorkerRequest { Worker = busy.Id.ToString() })).Events, static e => e.Kind == "died");
        var gone = await AdminHost.RefusalAsync(() => host.Client.KillWorkerAsync(new KillWorkerRequest { Worker = busy.Id.ToString() }).ResponseAsync);
        Assert.Equal(StatusCode.NotFound, gone.Status);
        Assert.Contains($"in its slot is images/{busy.Id.Slot}#{busy.Id.Incarnation + 1}", gone.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_paused_pool_begins_nothing_until_it_is_resumed_and_says_so()
    {
        Assert.False((await host.Client.PausePoolAsync(new PausePoolRequest())).WasPaused);
        Assert.True((await host.Client.PausePoolAsync(new PausePoolRequest { Pool = "images" })).WasPaused);
        var waiting = pool.Submit<int>("add", [1, 2], new TaskOptions { Id = "during-a-pause" });

        var why = await host.ExplainAsync(new ExplainRequest { Task = new TaskQuestion { Pool = "images", Id = "during-a-pause" } });
        Assert.Equal(
            [
                "Task during-a-pause (add) waits in the queue of pool images, where 1 tasks wait; its attempt 1 of at most 3 has not begun.",
                "The pool is paused: it begins no tasks until it is resumed.",
            ],
            why);
        Assert.True((await host.Client.ListPoolsAsync(new ListPoolsRequest())).Pools[0].Paused);
        Assert.Contains("\"paused\": true", await host.Http.GetStringAsync("/readyz"), StringComparison.Ordinal);
        Assert.True((await host.Client.ResumePoolAsync(new ResumePoolRequest())).WasPaused);

        Assert.Equal(3, await waiting.Task.WaitAsync(Patience));
        Assert.StartsWith("Task during-a-pause (add) has ended with its result", (await host.ExplainAsync(new ExplainRequest { Task = new TaskQuestion { Id = "during-a-pause" } }))[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_task_that_kills_workers_is_listed_in_quarantine_explained_and_released()
    {
        var poison = pool.Submit<int>("segv", [], new TaskOptions { Id = "poison", Idempotent = true });
        Assert.Equal(TaskFailureKind.Quarantined, (await Assert.ThrowsAsync<TaskException>(() => poison.Task.WaitAsync(Patience))).Kind);

        var listed = Assert.Single((await host.Client.ListQuarantinedAsync(new ListQuarantinedRequest())).Tasks);
        Assert.Equal(("images", "poison", "segv"), (listed.Pool, listed.Id, listed.Task));
        Assert.All(listed.Deaths, static death => Assert.Equal("SIGSEGV", death.Signal));
        var why = await host.ExplainAsync(new ExplainRequest { Task = new TaskQuestion { Id = "poison" } });
        Assert.Contains("is in quarantine in pool images", why[0], StringComparison.Ordinal);
        Assert.Equal(1 + listed.Deaths.Count, why.Count);
        var other = await AdminHost.RefusalAsync(() => host.Client.ReleaseQuarantinedAsync(new ReleaseQuarantinedRequest { Id = "another" }).ResponseAsync);
        Assert.Equal((StatusCode.NotFound, "task \"another\" is not in quarantine in pool images; there are poison"), other);
        await host.Client.ReleaseQuarantinedAsync(new ReleaseQuarantinedRequest { Pool = "images", Id = "poison" });
        Assert.Empty((await host.Client.ListQuarantinedAsync(new ListQuarantinedRequest { Pool = "images" })).Tasks);
        await fixture.SettledAsync();
    }

    [Fact]
    public async Task Workers_are_scaled_drained_and_restarted_and_the_answer_comes_at_the_end()
    {
        Assert.Equal(2u, (await host.Client.ScaleAsync(new ScaleRequest { Workers = 1, Wait = true })).Before);
        Assert.Single((await host.Client.ListWorkersAsync(new ListWorkersRequest { Pool = "images" })).Workers);
        var only = pool.Workers.Single().Id;
        var drained = await host.Client.DrainWorkerAsync(new DrainWorkerRequest { Worker = only.ToString(), Wait = true });
        Assert.Equal((only.ToString(), V1.DeathCause.Recycle), (drained.Worker, drained.Death.Cause));
        await Eventually.IsTrue(() => pool.Workers.Count(static w => w.State == SlotState.Ready) == 1);
        var second = pool.Workers.Single(static w => w.State == SlotState.Ready).Id;
        Assert.NotEqual(only, second);

        await host.Client.RestartAsync(new RestartRequest { Pool = "images", Wait = true });
        Assert.NotEqual(second, pool.Workers.Single(static w => w.State == SlotState.Ready).Id);
        Assert.Equal(1u, (await host.Client.ScaleAsync(new ScaleRequest { Workers = 2 })).Before);
        await fixture.SettledAsync();
    }

    [Fact]
    public async Task A_watch_goes_on_behind_its_cursor_and_tells_what_is_lost()
    {
        var all = await AllAsync(new WatchRequest { Kept = true, Ends = true });
        Assert.Null(all[0].Event);
        Assert.Equal(Enumerable.Range(1, all.Count - 1).Select(static i => (ulong)i), all.Skip(1).Select(static r => r.Event.Sequence));
        Assert.Equal("starting", all[1].Event.Kind);

        // Behind an event that was seen.
        var rest = await AllAsync(new WatchRequest { After = all[2].Cursor, Ends = true });
        Assert.Equal(all.Skip(3).Select(static r => r.Event.Sequence), rest.Skip(1).Take(all.Count - 3).Select(static r => r.Event.Sequence));
        Assert.DoesNotContain(await AllAsync(new WatchRequest { After = rest[^1].Cursor, Ends = true }), r => r.Event?.Sequence <= rest[^1].Event.Sequence);

        // One of a host that was another.
        var former = await AllAsync(new WatchRequest { After = "images=images-00000000:12", Pool = "images", Ends = true });
        Assert.Equal(("images", 0ul, 1ul), (former[1].Lost.Pool, former[1].Lost.First, former[1].Lost.Next));
        Assert.Contains("started anew since event 12", former[1].Lost.Message, StringComparison.Ordinal);
        Assert.Equal(1ul, former[2].Event.Sequence);

        Assert.Equal(StatusCode.InvalidArgument, (await AdminHost.RefusalAsync(() => AllAsync(new WatchRequest { After = "12" }))).Status);
    }

    [Fact]
    public async Task A_refusal_says_which_pools_and_workers_there_are()
    {
        var client = host.Client;
        var (status, message) = await AdminHost.RefusalAsync(() => client.ScaleAsync(new ScaleRequest { Pool = "audio", Workers = 1 }).ResponseAsync);
        Assert.Equal((StatusCode.NotFound, "there is no pool \"audio\" here; the pools are images"), (status, message));
        (status, message) = await AdminHost.RefusalAsync(() => client.KillWorkerAsync(new KillWorkerRequest { Worker = "images/7" }).ResponseAsync);
        Assert.Equal(StatusCode.NotFound, status);
        Assert.StartsWith("there is no worker images/7; the workers of pool images are images/0#", message, StringComparison.Ordinal);
        (status, message) = await AdminHost.RefusalAsync(() => client.DrainWorkerAsync(new DrainWorkerRequest { Worker = "images/x#1" }).ResponseAsync);
        Assert.Equal(StatusCode.InvalidArgument, status);
        Assert.Contains("pool/slot#incarnation", message, StringComparison.Ordinal);
        (status, message) = await AdminHost.RefusalAsync(() => client.ScaleAsync(new ScaleRequest { Workers = 10_001 }).ResponseAsync);
        Assert.Equal((StatusCode.InvalidArgument, "pool images cannot have 10001 workers; allowed: 0 to 10000"), (status, message));
        (status, message) = await AdminHost.RefusalAsync(() => client.ExplainAsync(new ExplainRequest { Task = new TaskQuestion { Id = "nobody's" } }).ResponseAsync);
        Assert.Equal(StatusCode.NotFound, status);
        Assert.StartsWith("no task \"nobody's\" is known in pool images", message, StringComparison.Ordinal);
        Assert.Equal(StatusCode.InvalidArgument, (await AdminHost.RefusalAsync(() => client.ExplainAsync(new ExplainRequest()).ResponseAsync)).Status);
        Assert.Equal(StatusCode.Unimplemented, (await AdminHost.RefusalAsync(() => client.ReloadConfigurationAsync(new ReloadConfigurationRequest()).ResponseAsync)).Status);
    }

    [Fact]
    [Trait("Scenario", "61")]
    public async Task Over_TCP_only_the_token_opens_the_door()
    {
        using var channel = AdminHost.Channel(host.TcpAddress);
        var client = new SupervisorAdmin.SupervisorAdminClient(channel);
        var (status, message) = await AdminHost.RefusalAsync(() => client.ListPoolsAsync(new ListPoolsRequest()).ResponseAsync);
        Assert.Equal((StatusCode.Unauthenticated, "the bearer token of the admin plane (admin:tokenFile) is required"), (status, message));
        Assert.Equal(StatusCode.Unauthenticated, (await AdminHost.RefusalAsync(() => client.ListPoolsAsync(new ListPoolsRequest(), new Metadata { { "authorization", "Bearer another" } }).ResponseAsync)).Status);
        Assert.Single((await client.ListPoolsAsync(new ListPoolsRequest(), new Metadata { { "authorization", $"Bearer {AdminHost.Token}" } })).Pools);
    }

    private static string NewPath() => Path.Combine(Path.GetTempPath(), $"workerhost-test-{Guid.NewGuid():n}");

    private static async Task<HostEvent> NextAsync(AsyncServerStreamingCall<WatchResponse> watch, Func<HostEvent, bool> wanted)
    {
        while (await watch.ResponseStream.MoveNext().WaitAsync(Patience))
        {
            if (watch.ResponseStream.Current.Event is { } what && wanted(what))
            {
                return what;
            }
        }

        throw new InvalidOperationException("the watch has ended");
    }

    private async Task<List<WatchResponse>> AllAsync(WatchRequest request)
    {
        using var call = host.Client.Watch(request);
        return await call.ResponseStream.ReadAllAsync().ToListAsync().AsTask().WaitAsync(Patience);
    }
}
