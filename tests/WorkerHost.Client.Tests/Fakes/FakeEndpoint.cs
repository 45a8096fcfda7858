using Google.Protobuf;

namespace WorkerHost.Client.Tests;

/// <summary>A task endpoint on a raw socket: takes sessions and answers each task with what a function says.</summary>
internal sealed class FakeEndpoint : IAsyncDisposable
{
    private readonly RawListener listener = new();
    private readonly CancellationTokenSource stop = new();
    private readonly Func<V1.TaskSubmission, V1.TaskOutcome?> answer;
    private readonly uint concurrency;
    private readonly List<RawHttp2Peer> peers = [];
    private readonly List<Task> serving = [];
    private readonly Task accepting;
    private int received;

    public FakeEndpoint(Func<V1.TaskSubmission, V1.TaskOutcome?> answer, uint concurrency = 4)
    {
        this.answer = answer;
        this.concurrency = concurrency;
        accepting = AcceptAsync();
    }

    public string Address => listener.Address.ToString();

    public RawListener Listener => listener;

    /// <summary>Tasks that came.</summary>
    public int Received => Volatile.Read(ref received);

    public static V1.TaskOutcome Json(V1.TaskSubmission task, string json) => new() { Sequence = task.Sequence, Data = ByteString.CopyFromUtf8(json), ServiceUs = 10 };

    /// <summary>The first argument back.</summary>
    public static V1.TaskOutcome Echo(V1.TaskSubmission task) => Json(task, task.Data.ToStringUtf8()[1..^1]);

    /// <summary>Every connection ends at once.</summary>
    public void Break()
    {
        lock (peers)
        {
            peers.ForEach(static p => p.Dispose());
        }
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        Break();
        listener.Dispose();
        await accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await Task.WhenAll(serving).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!stop.IsCancellationRequested)
        {
            var peer = await listener.AcceptAsync();
            lock (peers)
            {
                peers.Add(peer);
                serving.Add(ServeAsync(peer));
            }
        }
    }

    private async Task ServeAsync(RawHttp2Peer peer)
    {
        await peer.HandshakeAsync(concurrency);
        while (await peer.ReadAsync() is { } frame)
        {
            var response = new V1.SessionResponse();
            foreach (var task in frame.Tasks)
            {
                Interlocked.Increment(ref received);
                if (answer(task) is { } outcome)
                {
                    response.Outcomes.Add(outcome);
                }
            }

            if (response.Outcomes.Count > 0)
            {
                await peer.SendAsync(RawHttp2Peer.Message(response));
            }
        }

        await peer.SendAsync(RawHttp2Peer.Trailers());
    }
}
