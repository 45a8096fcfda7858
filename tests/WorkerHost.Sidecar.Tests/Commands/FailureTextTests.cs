using Google.Protobuf.WellKnownTypes;
using WorkerHost.Sidecar.Commands;

namespace WorkerHost.Sidecar.Tests.Commands;

public sealed class FailureTextTests
{
    private static string Text(V1.TaskFailure failure)
    {
        var text = new StringWriter { NewLine = "\n" };
        FailureText.Write(text, failure, "images");
        return text.ToString();
    }

    [Theory]
    [InlineData(V1.TaskFailureKind.TaskFailed, ExitCode.Failed)]
    [InlineData(V1.TaskFailureKind.UnknownTask, ExitCode.Usage)]
    [InlineData(V1.TaskFailureKind.BadInput, ExitCode.Failed)]
    [InlineData(V1.TaskFailureKind.Cancelled, ExitCode.Failed)]
    [InlineData(V1.TaskFailureKind.DeadlineExceeded, ExitCode.Failed)]
    [InlineData(V1.TaskFailureKind.Rejected, ExitCode.TryAgain)]
    [InlineData(V1.TaskFailureKind.NoWorkers, ExitCode.TryAgain)]
    [InlineData(V1.TaskFailureKind.WorkerLost, ExitCode.Failed)]
    [InlineData(V1.TaskFailureKind.Quarantined, ExitCode.Failed)]
    public void What_may_succeed_later_and_what_is_misspelled_have_exit_codes_of_their_own(V1.TaskFailureKind kind, int code) =>
        Assert.Equal(code, FailureText.ExitCodeOf(new V1.TaskFailure { Kind = kind }));

    [Fact]
    public void A_refusal_says_when_to_come_again_and_how_to_ask_why() => Assert.Equal(
        """
        task resize failed: REJECTED
          the queue is full
          ran     no; that is proven
          next    come again in 1.5 s; why: workerhost explain readiness images

        """.ReplaceLineEndings("\n"),
        Text(new V1.TaskFailure
        {
            Kind = V1.TaskFailureKind.Rejected,
            Task = "resize",
            Message = "the queue is full",
            NeverStarted = true,
            RetryAfter = Duration.FromTimeSpan(TimeSpan.FromSeconds(1.5)),
        }));

    [Fact]
    public void What_a_program_has_said_on_several_lines_stays_on_them_and_is_said_once() => Assert.Equal(
        """
        task count failed: TASK_FAILED
          task "count" threw ExitCode: 'jq' exited with 3:
          error   ExitCode: 'jq' exited with 3:
                  one
                  what went wrong

        """.ReplaceLineEndings("\n"),
        Text(new V1.TaskFailure
        {
            Kind = V1.TaskFailureKind.TaskFailed,
            Task = "count",
            Message = "task \"count\" threw ExitCode: 'jq' exited with 3:\none\nwhat went wrong",
            Error = new V1.RemoteError { Type = "ExitCode", Message = "'jq' exited with 3:\none\nwhat went wrong\n" },
        }));

    [Fact]
    public void A_death_is_told_whole_and_steers_no_terminal() => Assert.Equal(
        """
        task resize (cat-7) failed: QUARANTINED
          it killed two workers
          worker  images/1#3
          death   images/1#3 (pid 4711) after 3.2 s: Crash, SIGSEGV
                  was running cat-7
                  peak memory 64 MiB, 12 tasks finished
                  stderr | oh�[2J
                  then: restart at once
          next    it is not run again until: workerhost quarantine release images cat-7

        """.ReplaceLineEndings("\n"),
        Text(new V1.TaskFailure
        {
            Kind = V1.TaskFailureKind.Quarantined,
            Task = "resize",
            TaskId = "cat-7",
            Message = "it killed two workers",
            Worker = "images/1#3",
            Deaths =
            {
                new V1.DeathReport
                {
                    Pool = "images", Slot = 1, Incarnation = 3, Pid = 4711, Cause = V1.DeathCause.Crash, Signal = "SIGSEGV",
                    Uptime = Duration.FromTimeSpan(TimeSpan.FromSeconds(3.2)), RunningTasks = { "cat-7" }, PeakMemoryBytes = 64 << 20, TasksFinished = 12,
                    LastOutput = { "oh\e[2J" }, Next = "restart at once",
                },
            },
        }));
}
