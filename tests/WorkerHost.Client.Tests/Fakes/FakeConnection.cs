using System.Threading.Channels;

namespace WorkerHost.Client.Tests;

/// <summary>A worker without a wire: the test sees each task and says how it ends, or a function does.</summary>
internal sealed class FakeConnection : IEndpointConnection
{
    private readonly DispatchLoop loop;
    private readonly Channel<(TaskEntry Entry, ulong Sequence)> sent = Channel.CreateUnbounded<(TaskEntry, ulong)>();
    private readonly Channel<ulong> cancels = Channel.CreateUnbounded<ulong>();
    private readonly TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task answering = Task.CompletedTask;
    private readonly Channel<(TaskEntry Entry, ulong Sequence)>? toAnswer;
    private int count;

    public FakeConnection(DispatchLoop loop, EndpointState state, Func<TaskEntry, AttemptOutcome>? answer)
    {
        this.loop = loop;
        State = state;
        state.Connection = this;
        if (answer is not null)
        {
            toAnswer = Channel.CreateUnbounded<(TaskEntry, ulong)>();
            answering = AnswerAsync(toAnswer.Reader, answer);
        }
    }

    public EndpointState State { get; }

    public Task Ended => ended.Task;

    /// <summary>What reached the worker, in order.</summary>
    public ChannelReader<(TaskEntry Entry, ulong Sequence)> Sent => sent.Reader;

    public ChannelReader<ulong> Cancels => cancels.Reader;

    public int Count => Volatile.Read(ref count);

    public string? AbortReason { get; private set; }

    public void Pump(bool hurry)
    {
        var frame = new FrameContent();
        while (loop.TakeFrame(State, ProtocolLimits.MaxFrameBytes, frame, out _))
        {
            foreach (var entry in frame.Tasks)
            {
                Interlocked.Increment(ref count);
                (toAnswer ?? sent).Writer.TryWrite((entry, entry.Sequence));
            }

            foreach (var sequence in frame.Cancels)
            {
                cancels.Writer.TryWrite(sequence);
            }

            frame.Clear();
        }
    }

    public async Task<(TaskEntry Entry, ulong Sequence)> NextAsync() => await sent.Reader.ReadAsync(TestContext.Current.CancellationToken).Soon();

    public void Answer(ulong sequence, AttemptOutcome outcome) => loop.Received(State, sequence, outcome);

    public void Succeed(ulong sequence, string json = "1") => Answer(sequence, Json(json));

    public void Fail(ulong sequence, TaskFailure failure) => Answer(sequence, AttemptOutcome.Failed(failure));

    public static AttemptOutcome Json(string json) => AttemptOutcome.Success(System.Text.Encoding.UTF8.GetBytes(json), ContentType.Json);

    public void End(string reason = "the endpoint ended the session")
    {
        loop.SessionEnded(State, reason);
        ended.TrySetResult();
    }

    /// <summary>Dead in every respect; the ledger says that everything up to <paramref name="started"/> began.</summary>
    public void Die(ulong started = ulong.MaxValue, params ulong[] running)
    {
        End();
        loop.WorkerDied(DispatcherRig.DeathOf(State, DispatcherRig.Evidence(State, started, running)));
    }

    public void Abort(string reason)
    {
        AbortReason = reason;
        End(reason);
    }

    public void HalfClose() => End("half-closed");

    public async ValueTask DisposeAsync()
    {
        toAnswer?.Writer.TryComplete();
        await answering;
    }

    private async Task AnswerAsync(ChannelReader<(TaskEntry Entry, ulong Sequence)> tasks, Func<TaskEntry, AttemptOutcome> answer)
    {
        await foreach (var (entry, sequence) in tasks.ReadAllAsync().ConfigureAwait(false))
        {
            loop.Received(State, sequence, answer(entry));
        }
    }
}
