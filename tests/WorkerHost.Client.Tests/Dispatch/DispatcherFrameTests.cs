namespace WorkerHost.Client.Tests;

/// <summary>What a pump finds to write.</summary>
public sealed class DispatcherFrameTests
{
    [Fact]
    public void A_frame_is_bounded_by_its_bytes_and_the_rest_follows_in_order()
    {
        var rig = new DispatcherRig();
        var tasks = Enumerable.Range(0, 10).Select(_ => rig.Submit(bytes: 1000)).ToList();
        var endpoint = rig.Open(concurrency: 10);

        var first = Take(rig, endpoint, maxBytes: 3500);
        var second = Take(rig, endpoint, maxBytes: 3500);

        Assert.Equal(tasks.Take(3), first);
        Assert.Equal(tasks.Skip(3).Take(3), second);
    }

    [Fact]
    public void A_task_larger_than_a_frame_goes_alone()
    {
        var rig = new DispatcherRig();
        var tasks = new[] { rig.Submit(bytes: 10), rig.Submit(bytes: 5000), rig.Submit(bytes: 10) };
        var endpoint = rig.Open(concurrency: 3);
        Assert.Equal([tasks[0]], Take(rig, endpoint, 1000));
        Assert.Equal([tasks[1]], Take(rig, endpoint, 1000));
        Assert.Equal([tasks[2]], Take(rig, endpoint, 1000));
        Assert.Empty(Take(rig, endpoint, 1000));
    }

    [Fact]
    public void Headers_ids_and_names_count_towards_the_frame()
    {
        var rig = new DispatcherRig();
        var options = new TaskOptions { Id = new string('i', 500), Headers = new Dictionary<string, string> { ["trace"] = new string('h', 2000) } };
        rig.Submit(options: options, bytes: 0);
        rig.Submit(options: options, bytes: 0);
        var endpoint = rig.Open(concurrency: 2);
        Assert.Single(Take(rig, endpoint, 4000));
    }

    [Fact]
    public void A_pump_is_asked_for_once_until_it_found_nothing()
    {
        var rig = new DispatcherRig();
        var endpoint = rig.Open(concurrency: 5);
        rig.Submit();
        rig.Submit();
        Assert.Single(rig.Decided(), static a => a.Kind == DispatchActionKind.Pump);
        Assert.Equal(2, Take(rig, endpoint).Count);
        rig.Submit();
        Assert.DoesNotContain(rig.Decided(), static a => a.Kind == DispatchActionKind.Pump);
        Assert.Single(Take(rig, endpoint));
        Assert.Empty(Take(rig, endpoint));
        rig.Submit();
        Assert.Single(rig.Decided(), static a => a.Kind == DispatchActionKind.Pump);
    }

    [Fact]
    public void A_task_that_was_stopped_before_it_was_written_is_never_written()
    {
        var rig = new DispatcherRig();
        var endpoint = rig.Open(concurrency: 2);
        var stopped = rig.Submit();
        var other = rig.Submit();
        rig.Dispatcher.Cancel(stopped, rig.Now);
        Assert.Equal([other], rig.Pump(endpoint));
    }

    [Fact]
    public void Sequences_rise_on_the_wire_even_when_an_unwritten_attempt_is_stopped_and_granted_again()
    {
        // The worker ends a session whose sequences do not rise.
        var rig = new DispatcherRig();
        var endpoint = rig.Open(concurrency: 3);
        var stopped = rig.Submit();
        rig.Submit();
        rig.Dispatcher.StopAttempt(stopped, rig.Now);
        Assert.True(rig.Dispatcher.Resubmit(stopped, rig.Now));

        var sequences = rig.Pump(endpoint).Select(static t => t.Sequence).ToList();

        Assert.Equal(2, sequences.Count);
        Assert.Equal(sequences.Order(), sequences);
    }

    [Fact]
    public void A_long_task_never_makes_the_table_of_sequences_grow()
    {
        var table = new SequenceTable();
        var rig = new DispatcherRig();
        var stuck = rig.Make();
        var last = table.Add(stuck, 0);
        for (var i = 0; i < 100_000; i++)
        {
            var entry = rig.Make();
            var next = table.Add(entry, last);
            Assert.True(next > last);
            Assert.Same(entry, table.Find(next));
            Assert.Null(table.Find(next + 16));
            table.Remove(entry);
            last = next;
        }

        Assert.Same(stuck, table.Find(1));
        Assert.Equal([stuck], table.InOrder());
        Assert.InRange(last, 100_000UL, 120_000UL);
    }

    private static List<TaskEntry> Take(DispatcherRig rig, EndpointState endpoint, int maxBytes = ProtocolLimits.MaxFrameBytes)
    {
        var frame = new FrameContent();
        rig.Dispatcher.TakeFrame(endpoint, maxBytes, frame, rig.Now);
        return frame.Tasks;
    }
}
