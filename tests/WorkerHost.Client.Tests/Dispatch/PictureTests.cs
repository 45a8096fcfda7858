namespace WorkerHost.Client.Tests;

/// <summary>Where is my task? What people are told.</summary>
public sealed class PictureTests
{
    private static DispatcherRig Rig() => new(new DispatcherOptions { IdPrefix = "tests-1a2b" });

    [Fact]
    public void A_task_is_found_by_the_callers_id_and_by_the_one_that_was_made_up_wherever_it_is()
    {
        var rig = Rig();
        var endpoint = rig.Open();
        var running = rig.Submit(options: new TaskOptions { Id = "mine" });
        rig.Pump(endpoint);
        var waiting = rig.Submit();

        Assert.Same(running, rig.Dispatcher.Find("mine"));
        Assert.Same(waiting, rig.Dispatcher.Find("tests-1a2b-2"));
        Assert.Null(rig.Dispatcher.Find("tests-1a2b-1"));
        Assert.Null(rig.Dispatcher.Find("tests-1a2b-"));
        Assert.Null(rig.Dispatcher.Find("others"));
        Assert.Equal(("mine", true, endpoint.Worker.Id), (rig.Dispatcher.PictureOf(running).Id, rig.Dispatcher.PictureOf(running).IsRunning, rig.Dispatcher.PictureOf(running).Worker));
        Assert.Equal(("tests-1a2b-2", TaskPhase.Queued, false, null), (rig.Dispatcher.PictureOf(waiting).Id, rig.Dispatcher.PictureOf(waiting).Phase, rig.Dispatcher.PictureOf(waiting).IsRunning, rig.Dispatcher.PictureOf(waiting).Worker));
    }

    [Fact]
    public void A_task_of_a_hosts_client_is_found_by_what_the_client_calls_it()
    {
        var rig = Rig();
        var entry = new TaskEntry(1, "work", TaskOptions.Default, new byte[8], ContentType.Json, maxAttempts: 1) { GivenId = "client-7" };
        Assert.Null(rig.Dispatcher.Submit(entry, rig.Now));

        Assert.Same(entry, rig.Dispatcher.Find("client-7"));
        Assert.Null(rig.Dispatcher.Find("tests-1a2b-1"));
    }

    [Fact]
    public void A_suspect_and_a_task_between_two_attempts_are_found_too()
    {
        var rig = Rig();
        var endpoint = rig.Open();
        var entry = rig.Submit(options: new TaskOptions { Idempotent = true });
        rig.Pump(endpoint);
        rig.End(endpoint);
        rig.Die(endpoint, DispatcherRig.Evidence(endpoint, entry.Sequence, entry.Sequence));

        Assert.Equal(TaskPhase.Retrying, rig.Dispatcher.PictureOf(rig.Dispatcher.Find("tests-1a2b-1")!).Phase);
        rig.Dispatcher.Resubmit(entry, rig.Now);
        Assert.Equal((TaskPhase.Queued, 2), (rig.Dispatcher.PictureOf(rig.Dispatcher.Find("tests-1a2b-1")!).Phase, rig.Dispatcher.PictureOf(entry).Attempt));
    }

    [Fact]
    public void Of_a_worker_that_gets_no_tasks_it_is_said_why()
    {
        var rig = Rig();
        var endpoint = rig.Open();
        Assert.Null(Assert.Single(rig.Dispatcher.Pictures()).Obstacle);

        rig.Dispatcher.EndpointDraining(endpoint);

        Assert.Equal((false, "it is leaving"), (Assert.Single(rig.Dispatcher.Pictures()).TakesTasks, Assert.Single(rig.Dispatcher.Pictures()).Obstacle));
    }
}
