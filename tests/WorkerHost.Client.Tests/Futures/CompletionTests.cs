using Google.Protobuf;

namespace WorkerHost.Client.Tests;

public sealed class CompletionTests
{
    [Fact]
    [Trait("Scenario", "2")]
    public async Task A_second_outcome_is_rejected_and_the_first_survives()
    {
        await using var rig = new LoopRig();
        var (_, future) = rig.Make();
        ICompletion completion = future;
        completion.Complete(FakeConnection.Json("1"));
        completion.Complete(FakeConnection.Json("2"));
        completion.Complete(AttemptOutcome.Failed(DispatcherRig.HandlerThrew()));
        completion.Complete(AttemptOutcome.Threw(new InvalidOperationException()));
        Assert.Equal(1, await future.Soon());
        Assert.Equal(TaskState.Succeeded, future.State);
        Assert.Null(future.Failure);
    }

    [Fact]
    [Trait("Scenario", "2")]
    public async Task Four_threads_see_a_thousand_identical_snapshots_of_a_finished_future()
    {
        await using var rig = new LoopRig();
        var worker = rig.Connect();
        var good = rig.Submit();
        worker.Succeed((await worker.NextAsync()).Sequence, "7");
        var bad = rig.Submit();
        worker.Fail((await worker.NextAsync()).Sequence, DispatcherRig.HandlerThrew());
        await good.Soon();
        await bad.Completion.Ended();
        var failure = bad.Failure;

        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() =>
        {
            for (var i = 0; i < 1000; i++)
            {
                Assert.Equal((TaskState.Succeeded, true, 7, null), (good.State, good.IsDone, good.GetResult(), good.Failure));
                Assert.Equal((TaskState.Failed, true), (bad.State, bad.IsDone));
                Assert.Same(failure, bad.Failure);
                Assert.Equal(1, Assert.Single(bad.Attempts).Number);
                Assert.False(good.Cancel() || bad.Cancel());
            }
        }))).Soon();
    }

    [Fact]
    [Trait("Scenario", "6")]
    public async Task A_task_that_returns_an_exception_object_delivers_it_as_a_value()
    {
        await using var rig = new LoopRig();
        var worker = rig.Connect();
        var future = rig.Submit(new ExceptionReader());
        worker.Succeed((await worker.NextAsync()).Sequence, "\"as a value\"");

        var value = await future.Soon();

        Assert.IsType<InvalidOperationException>(value);
        Assert.Equal("\"as a value\"", value.Message);
        Assert.Equal(TaskState.Succeeded, future.State);
    }

    [Fact]
    [Trait("Scenario", "7")]
    public async Task A_failure_carries_the_remote_type_message_stack_and_causes()
    {
        await using var rig = new LoopRig();
        var worker = rig.Connect();
        var future = rig.Submit("divide");
        var wire = new V1.TaskFailure
        {
            Kind = V1.TaskFailureKind.TaskFailed,
            Message = "it threw",
            Error = new V1.RemoteError
            {
                Type = "Lib.OuterException",
                Message = "outer",
                StackTrace = "at Lib.Outer()",
                Cause = new V1.RemoteError { Type = "System.DivideByZeroException", Message = "inner", StackTrace = "at Lib.Inner()" },
            },
        };
        worker.Fail((await worker.NextAsync()).Sequence, WireFailure.Read(wire, worker.State.Worker.Id));

        var thrown = await Assert.ThrowsAsync<TaskException>(() => future.Soon());

        Assert.Equal(("divide", TaskFailureKind.TaskFailed, future.Id), (thrown.TaskName, thrown.Kind, thrown.TaskId));
        Assert.Equal(("Lib.OuterException", "outer", "at Lib.Outer()"), (thrown.Failure.Error!.Type, thrown.Failure.Error.Message, thrown.Failure.Error.StackTrace));
        Assert.Equal("System.DivideByZeroException", thrown.Failure.Error.Cause!.Type);
        Assert.Null(thrown.Failure.Error.Cause.Cause);
        foreach (var part in new[] { "in the worker", "Lib.OuterException: outer", "at Lib.Inner()" })
        {
            Assert.Contains(part, thrown.ToString(), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(16 * 1024, true)]
    [InlineData(16 * 1024 + 1, false)]
    public void An_exception_in_its_language_s_own_form_is_passed_on_unless_it_is_too_large(int bytes, bool passed)
    {
        var pickle = new V1.RemoteError { Type = "ValueError", ContentType = "application/x-python-pickle", Data = ByteString.CopyFrom(new byte[bytes]) };
        var inner = pickle.Clone();
        pickle.Cause = inner;

        var read = WireFailure.Read(new V1.TaskFailure { Kind = V1.TaskFailureKind.TaskFailed, Error = pickle }, new WorkerId("images", 0, 1));
        var told = FailureMessage.Of(read, "id", "task").Error;

        Assert.Equal((passed ? "application/x-python-pickle" : null, passed ? bytes : 0), (read.Error!.ContentType, read.Error.Data.Length));
        Assert.Equal((read.Error.ContentType ?? "", read.Error.Data.Length), (told.ContentType, told.Data.Length));
        Assert.Equal((null, 0), (read.Error.Cause!.ContentType, read.Error.Cause.Data.Length));
    }

    [Fact]
    public async Task A_result_that_cannot_be_read_says_so()
    {
        await using var rig = new LoopRig();
        var worker = rig.Connect();
        var future = rig.Submit("count");
        worker.Succeed((await worker.NextAsync()).Sequence, "\"no number\"");
        var thrown = await Assert.ThrowsAsync<TaskException>(() => future.Soon());
        Assert.Equal((TaskFailureKind.BadInput, true), (thrown.Kind, thrown.Failure.RanToCompletion));
        Assert.Contains("System.Int32", thrown.Message, StringComparison.Ordinal);
        await future.Settled.Soon();
    }

    [Fact]
    public async Task A_task_is_not_settled_while_its_large_result_is_being_decoded()
    {
        await using var rig = new LoopRig();
        var worker = rig.Connect();
        using var reader = new HeldReader();
        var future = rig.Submit(reader);
        worker.Succeed((await worker.NextAsync()).Sequence, new string('x', 100_000));

        await reader.Reading.Soon();
        Assert.False(future.Settled.IsCompleted);
        reader.GoOn();

        Assert.Equal(100_000, await future.Soon());
        await future.Settled.Soon();
    }

    [Fact]
    public async Task A_large_result_does_not_hold_up_the_thread_that_brought_it()
    {
        await using var rig = new LoopRig();
        var worker = rig.Connect();
        using var reader = new HeldReader();
        var large = rig.Submit(reader);
        worker.Succeed((await worker.NextAsync()).Sequence, new string('x', 100_000));
        var small = rig.Submit();
        worker.Succeed((await worker.NextAsync()).Sequence, "5");
        Assert.Equal(5, await small.Soon());
        Assert.False(large.IsDone);
        reader.GoOn();
        await large.Soon();
    }

    [Fact]
    public async Task Waiting_with_a_timeout_says_whether_the_task_has_ended_and_lets_it_go_on()
    {
        await using var rig = new LoopRig();
        var worker = rig.Connect();
        var future = rig.Submit();
        Assert.False(future.Wait(TimeSpan.Zero));
        Assert.Contains("it goes on", Assert.Throws<TimeoutException>(() => future.GetResult(TimeSpan.Zero)).Message, StringComparison.Ordinal);
        worker.Fail((await worker.NextAsync()).Sequence, DispatcherRig.HandlerThrew());
        Assert.True(future.Wait(TimeSpan.FromSeconds(30)));
        Assert.Throws<TaskException>(() => future.GetResult());
    }

    [Fact]
    public async Task An_id_is_the_callers_or_made_up_and_unique()
    {
        await using var rig = new LoopRig();
        Assert.Equal("mine", rig.Submit(options: new TaskOptions { Id = "mine" }).Id);
        Assert.Equal(100, Enumerable.Range(0, 100).Select(_ => rig.Submit().Id).Distinct().Count());
    }

    [Fact]
    public async Task The_attempts_tell_where_each_one_was_and_how_it_failed()
    {
        await using var rig = new LoopRig();
        var first = rig.Connect();
        var future = rig.Submit(options: new TaskOptions { Idempotent = true });
        var (_, sequence) = await first.NextAsync();
        Assert.Equal([(1, first.State.Worker.Id)], future.Attempts.Select(static a => (a.Number, a.Worker)));
        first.Die(sequence, sequence);
        var second = rig.Connect(incarnation: 2);
        rig.Time.Advance(TimeSpan.FromMinutes(1));
        second.Succeed((await second.NextAsync()).Sequence);
        await future.Soon();

        Assert.Equal([(1, first.State.Worker.Id), (2, second.State.Worker.Id)], future.Attempts.Select(static a => (a.Number, a.Worker)));
        Assert.Equal("SIGKILL", future.Attempts[0].Death!.Signal);
        Assert.Null(future.Attempts[1].Failure);
    }

    [Fact]
    public async Task A_time_limit_that_has_not_passed_keeps_no_result_alive()
    {
        await using var rig = new LoopRig();
        var worker = rig.Connect();
        var forgotten = await SubmitAndForgetAsync(rig, worker);
        for (var i = 0; i < 50 && forgotten.IsAlive; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            await Task.Yield();
        }

        Assert.False(forgotten.IsAlive);
        rig.Time.Advance(TimeSpan.FromHours(2));
    }

    [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
    private static async Task<WeakReference> SubmitAndForgetAsync(LoopRig rig, FakeConnection worker)
    {
        var future = rig.Submit(options: new TaskOptions { TimeLimit = TimeSpan.FromHours(1) });
        worker.Succeed((await worker.NextAsync()).Sequence);
        await future.Settled.Soon();
        return new WeakReference(future);
    }

    private sealed class ExceptionReader : IResultReader<Exception>
    {
        public Exception Read(ReadOnlyMemory<byte> data, string contentType) => new InvalidOperationException(System.Text.Encoding.UTF8.GetString(data.Span));
    }

    private sealed class HeldReader : IResultReader<int>, IDisposable
    {
        private readonly ManualResetEventSlim goOn = new();
        private readonly TaskCompletionSource reading = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Reading => reading.Task;

        public void GoOn() => goOn.Set();

        public int Read(ReadOnlyMemory<byte> data, string contentType)
        {
            reading.SetResult();
            goOn.Wait();
            return data.Length;
        }

        public void Dispose() => goOn.Dispose();
    }
}
