namespace WorkerHost.Client.Tests;

/// <summary>
/// Every cell of the task's state machine: what an event does to a task in each situation. A cell is the phase after
/// and the decisions; <c>-</c>: nothing changes; <c>!</c>: it cannot happen and throws with its story.
/// One supervised worker with one lane; the task is not idempotent.
/// </summary>
public sealed class DispatcherTableTests
{
    // Queued: the worker takes nothing new. GivenUp: written, its attempt is to be stopped. Cancelled: written, and the
    // caller has been told. Overdue: cancelled, and its grace has passed.
    private const string Table = """
        event            | New                 | Queued                                        | Unwritten                               | Written                                       | GivenUp                                       | Cancelled                | Overdue                  | Retrying                                  | Done
        Submit           | Sent Pump QueueFell | !                                             | !                                       | !                                             | !                                             | !                        | !                        | !                                         | !
        Cancel           | !                   | Done QueueFell Complete(Cancelled) Settle     | Done Complete(Cancelled) Settle         | Sent Complete(Cancelled) StopTimer Pump       | Sent Complete(Cancelled)                      | -                        | -                        | Done Complete(Cancelled) Settle           | -
        Expired          | !                   | Done QueueFell Complete(DeadlineExceeded) Settle | Done Complete(DeadlineExceeded) Settle | Sent Complete(DeadlineExceeded) StopTimer Pump | Sent Complete(DeadlineExceeded)              | -                        | -                        | Done Complete(DeadlineExceeded) Settle    | -
        StopAttempt      | !                   | Retrying QueueFell AttemptFailed(Cancelled)   | Retrying AttemptFailed(Cancelled)       | Sent StopTimer Pump                           | -                                             | -                        | -                        | -                                         | -
        Resubmit         | !                   | !                                             | !                                       | !                                             | !                                             | -                        | -                        | Sent Pump QueueFell                       | -
        GiveUp           | !                   | !                                             | !                                       | !                                             | !                                             | -                        | -                        | Done Complete(TaskFailed) Settle          | -
        StopOverdue      | -                   | -                                             | -                                       | -                                             | Sent Kill                                     | Sent Kill                | -                        | -                                         | -
        StaleStopOverdue | -                   | -                                             | -                                       | -                                             | -                                             | -                        | -                        | -                                         | -
        Succeeded        | New Abort           | Queued Abort                                  | Sent Abort                              | Done Complete(ok) Settle                      | Done Complete(ok) Settle                      | Done Settle              | Done Settle              | Retrying LateOutcome                      | Done LateOutcome
        Failed           | New Abort           | Queued Abort                                  | Sent Abort                              | Done Complete(TaskFailed) Settle              | Retrying AttemptFailed(TaskFailed)            | Done Settle              | Done Settle              | Retrying LateOutcome                      | Done LateOutcome
        FailedRetryable  | New Abort           | Queued Abort                                  | Sent Abort                              | Retrying AttemptFailed(TaskFailed)            | Retrying AttemptFailed(TaskFailed)            | Done Settle              | Done Settle              | Retrying LateOutcome                      | Done LateOutcome
        Rejected         | New Abort           | Queued Abort                                  | Sent Abort                              | Queued RestTimer                              | Retrying RestTimer AttemptFailed(Cancelled)   | Done Settle              | Done Settle              | Retrying LateOutcome                      | Done LateOutcome
        Recalled         | New Abort           | Queued Abort                                  | Sent Abort                              | Queued RestTimer                              | Retrying AttemptFailed(Cancelled)             | Done Settle              | Done Settle              | Retrying LateOutcome                      | Done LateOutcome
        SessionEnded     | New SessionTimer    | Queued SessionTimer                           | Sent SessionTimer                       | Sent SessionTimer                             | Sent SessionTimer                             | Sent SessionTimer        | Sent SessionTimer        | Retrying SessionTimer                     | Done SessionTimer
        Died             | New SessionTimer    | Queued SessionTimer                           | Sent SessionTimer                       | Sent SessionTimer                             | Sent SessionTimer                             | Sent SessionTimer        | Sent SessionTimer        | Retrying SessionTimer                     | Done SessionTimer
        GoneUnstarted    | New SessionTimer    | Queued SessionTimer                           | Queued SessionTimer                     | Queued SessionTimer                           | Retrying SessionTimer AttemptFailed(Cancelled) | Done SessionTimer Settle | Done SessionTimer Settle | Retrying SessionTimer                     | Done SessionTimer
        GoneRunning      | New SessionTimer    | Queued SessionTimer                           | Queued SessionTimer                     | Done SessionTimer Complete(WorkerLost) Settle | Done SessionTimer Complete(WorkerLost) Settle | Done SessionTimer Settle | Done SessionTimer Settle | Retrying SessionTimer                     | Done SessionTimer
        GoneUnknown      | New SessionTimer    | Queued SessionTimer                           | Queued SessionTimer                     | Done SessionTimer Complete(WorkerLost) Settle | Done SessionTimer Complete(WorkerLost) Settle | Done SessionTimer Settle | Done SessionTimer Settle | Retrying SessionTimer                     | Done SessionTimer
        Draining         | -                   | -                                             | -                                       | -                                             | -                                             | -                        | -                        | -                                         | -
        Hopeless         | -                   | -                                             | -                                       | -                                             | -                                             | -                        | -                        | -                                         | -
        CancelAll        | -                   | Done QueueFell Complete(Cancelled) Settle     | Done Complete(Cancelled) Settle         | Sent Complete(Cancelled) StopTimer Pump       | Sent Complete(Cancelled)                      | -                        | -                        | Done Complete(Cancelled) Settle           | -
        Dispatch         | -                   | -                                             | -                                       | -                                             | -                                             | -                        | -                        | -                                         | -
        TakeFrame        | -                   | -                                             | -                                       | -                                             | -                                             | -                        | -                        | -                                         | -
        """;

    private static readonly List<string[]> Rows = [.. Table.Split('\n').Select(static row => row.Split('|', StringSplitOptions.TrimEntries))];

    public static TheoryData<string, string, string> Cells()
    {
        var cells = new TheoryData<string, string, string>();
        foreach (var row in Rows.Skip(1))
        {
            for (var column = 1; column < row.Length; column++)
            {
                cells.Add(Rows[0][column], row[0], row[column]);
            }
        }

        return cells;
    }

    [Fact]
    public void Every_situation_has_a_cell_for_every_event() => Assert.All(Rows, static row => Assert.Equal(Rows[0].Length, row.Length));

    [Theory]
    [MemberData(nameof(Cells))]
    public void A_cell_of_the_table_holds(string situation, string happens, string expected)
    {
        var rig = new DispatcherRig();
        var (entry, endpoint) = Arrange(rig, situation);
        rig.Decided();
        var before = entry.Phase;
        if (expected == "!")
        {
            var story = Assert.Throws<InvalidOperationException>(() => Happen(rig, entry, endpoint, happens)).Message;
            Assert.Contains(entry.ToString(), story, StringComparison.Ordinal);
            Assert.Equal(before, entry.Phase);
            return;
        }

        Happen(rig, entry, endpoint, happens);
        var actual = $"{entry.Phase} {rig.Told()}".TrimEnd();
        Assert.Equal(expected == "-" ? before.ToString() : expected, actual);
        Assert.Equal(entry.Phase is TaskPhase.New or TaskPhase.Done ? 0 : 1, rig.Dispatcher.Unsettled);
    }

    private static (TaskEntry Entry, EndpointState Endpoint) Arrange(DispatcherRig rig, string situation)
    {
        var endpoint = rig.Open();
        var entry = rig.Make();
        switch (situation)
        {
            case "New":
                break;
            case "Queued":
                rig.Dispatcher.EndpointDraining(endpoint);
                rig.TrySubmit(entry);
                break;
            case "Unwritten":
                rig.TrySubmit(entry);
                break;
            case "Written":
                rig.TrySubmit(entry);
                rig.Pump(endpoint);
                break;
            case "GivenUp":
                Arrange("Written", e => rig.Dispatcher.StopAttempt(e, rig.Now));
                break;
            case "Cancelled":
                Arrange("Written", e => rig.Dispatcher.Cancel(e, rig.Now));
                break;
            case "Overdue":
                Arrange("Written", e => rig.Dispatcher.Cancel(e, rig.Now));
                rig.Dispatcher.StopOverdue(entry, endpoint, entry.Sequence);
                break;
            case "Retrying":
                Arrange("Written", e => rig.Fail(e, DispatcherRig.HandlerThrew(retryable: true)));
                break;
            case "Done":
                Arrange("Written", e => rig.Succeed(e));
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(situation), situation, "no such situation");
        }

        return (entry, endpoint);

        void Arrange(string from, Action<TaskEntry> then)
        {
            Assert.Equal("Written", from);
            rig.TrySubmit(entry);
            rig.Pump(endpoint);
            then(entry);
            rig.PumpFrames(endpoint);
        }
    }

    private static void Happen(DispatcherRig rig, TaskEntry entry, EndpointState endpoint, string happens)
    {
        var dispatcher = rig.Dispatcher;
        var sequence = Math.Max(1, entry.Sequence);
        switch (happens)
        {
            case "Submit":
                dispatcher.Submit(entry, rig.Now);
                break;
            case "Cancel":
                dispatcher.Cancel(entry, rig.Now);
                break;
            case "Expired":
                dispatcher.Expired(entry, rig.Now);
                break;
            case "StopAttempt":
                dispatcher.StopAttempt(entry, rig.Now);
                break;
            case "Resubmit":
                dispatcher.Resubmit(entry, rig.Now);
                break;
            case "GiveUp":
                dispatcher.GiveUp(entry, AttemptOutcome.Failed(DispatcherRig.HandlerThrew()));
                break;
            case "StopOverdue":
                dispatcher.StopOverdue(entry, endpoint, sequence);
                break;
            case "StaleStopOverdue":
                dispatcher.StopOverdue(entry, endpoint, sequence + 1);
                dispatcher.StopOverdue(entry, rig.Endpoint(incarnation: 2), sequence);
                break;
            case "Succeeded":
                rig.Answer(endpoint, sequence, AttemptOutcome.Success(default, ContentType.Json), 1);
                break;
            case "Failed":
                rig.Answer(endpoint, sequence, AttemptOutcome.Failed(DispatcherRig.HandlerThrew()), 1);
                break;
            case "FailedRetryable":
                rig.Answer(endpoint, sequence, AttemptOutcome.Failed(DispatcherRig.HandlerThrew(retryable: true)), 1);
                break;
            case "Rejected":
                rig.Answer(endpoint, sequence, AttemptOutcome.Failed(DispatcherRig.Leaving()), 1);
                break;
            case "Recalled":
                rig.Recall(endpoint, sequence);
                break;
            case "SessionEnded":
                rig.End(endpoint);
                break;
            case "Died":
                rig.Die(endpoint);
                break;
            case "GoneUnstarted":
                rig.EndAndDie(endpoint, DispatcherRig.Evidence(endpoint, started: 0));
                break;
            case "GoneRunning":
                rig.EndAndDie(endpoint, DispatcherRig.Evidence(endpoint, sequence, sequence));
                break;
            case "GoneUnknown":
                rig.EndAndDie(endpoint);
                break;
            case "Draining":
                dispatcher.EndpointDraining(endpoint);
                break;
            case "Hopeless":
                dispatcher.OutlookChanged(new WorkerOutlook(Hopeless: true, null, null));
                break;
            case "CancelAll":
                dispatcher.CancelAll(rig.Now);
                break;
            case "Dispatch":
                dispatcher.Dispatch(rig.Now);
                break;
            case "TakeFrame":
                rig.Pump(endpoint);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(happens), happens, "no such event");
        }
    }
}
