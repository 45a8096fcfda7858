using System.Runtime.CompilerServices;
using Grpc.Core;

namespace WorkerHost.Client.Tests;

/// <summary>A call and what its caller keeps for longer: a token, a deadline.</summary>
public sealed class UnaryCallTests
{
    [Fact]
    public async Task A_token_that_outlives_its_calls_keeps_none_of_them_not_even_one_that_ends_while_the_token_is_tied_to_it()
    {
        using var longLived = new CancellationTokenSource();
        await using var rig = new LoopRig();

        var call = await CallTiedWhileItsResponseIsReadAsync(rig, longLived.Token);

        await Eventually.IsTrue(() =>
        {
            GC.Collect();
            return !call.TryGetTarget(out _);
        });
        GC.KeepAlive(longLived);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(20)]
    public async Task What_a_call_waits_for_its_place_counts_towards_its_deadline(int held)
    {
        await using var rig = new LoopRig(new DispatcherOptions { QueueCapacity = 0 });
        var worker = rig.Connect();
        _ = rig.Submit();
        var (entry, future) = rig.Make(new TaskOptions { TimeLimit = TimeSpan.FromSeconds(30) });
        entry.Deadline = rig.Time.GetTimestamp() + (30 * rig.Time.TimestampFrequency);
        var admitted = rig.Loop.SubmitAsync(entry, held: false, CancellationToken.None).AsTask();

        rig.Time.Advance(TimeSpan.FromSeconds(held));
        worker.Succeed((await worker.NextAsync()).Sequence);
        Assert.Null(await admitted.Soon());

        Assert.Equal(TimeSpan.FromSeconds(30 - held), rig.Loop.TimeLeft(entry, rig.Time.GetTimestamp()));
        rig.Time.Advance(TimeSpan.FromSeconds(31 - held));
        await future.Completion.Ended();
        Assert.Equal(TaskFailureKind.DeadlineExceeded, future.Failure?.Kind);
    }

    [Fact]
    public void What_a_caller_writes_into_the_trailers_of_his_call_is_in_no_other()
    {
        CallEnd.Cancelled.ToException().Trailers.Add("mine", "alone");
        CallEnd.Expired.Trailers.Add("mine", "alone");
        CallEnd.Disposed.Trailers.Add("mine", "alone");

        Assert.Empty(CallEnd.Cancelled.ToException().Trailers);
        Assert.Empty(CallEnd.Expired.Trailers);
        Assert.Empty(CallEnd.Disposed.Trailers);
    }

    /// <summary>A large response is read on another thread: between its arrival and its end the token is tied to the call.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static async Task<WeakReference<object>> CallTiedWhileItsResponseIsReadAsync(LoopRig rig, CancellationToken token)
    {
        using var tied = new ManualResetEventSlim();
        var worker = rig.Connect();
        var marshaller = Marshallers.Create<byte[]>(static bytes => bytes, bytes =>
        {
            tied.Wait(TestContext.Current.CancellationToken);
            return bytes;
        });
        var call = new UnaryCall<byte[]>(rig.Loop, rig.Identity, marshaller);
        var entry = new TaskEntry(1, "/a.B/C", TaskOptions.Default, new byte[8], ContentType.Protobuf, 1) { Completion = call };
        call.Begins(entry);
        Assert.Null(rig.Loop.Submit(entry, held: false));
        worker.Answer((await worker.NextAsync()).Sequence, AttemptOutcome.Success(new byte[100_000], ContentType.Protobuf));
        call.CancelWith(token);
        tied.Set();
        Assert.Equal(100_000, (await call.Task.Soon()).Length);
        return new WeakReference<object>(call);
    }
}
