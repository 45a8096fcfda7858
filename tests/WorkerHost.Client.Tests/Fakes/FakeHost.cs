using System.Collections.Concurrent;
using System.Threading.Channels;
using Google.Protobuf;

namespace WorkerHost.Client.Tests;

/// <summary>A host on a raw socket: knows tasks by their ids over any number of sessions. The test says when and how they end.</summary>
internal sealed class FakeHost : IAsyncDisposable
{
    private readonly CancellationTokenSource stop = new();
    private readonly uint concurrency;
    private readonly TimeSpan keepsFor;
    private readonly Lock gate = new();
    private readonly List<RawHttp2Peer> peers = [];
    private readonly List<Task> serving = [];
    private readonly Dictionary<string, Job> jobs = [];
    private readonly Channel<V1.TaskSubmission> came = Channel.CreateUnbounded<V1.TaskSubmission>();
    private readonly Channel<V1.ClientHello> hellos = Channel.CreateUnbounded<V1.ClientHello>();
    private readonly Channel<V1.SessionRequest> frames = Channel.CreateUnbounded<V1.SessionRequest>();
    private readonly Task accepting;
    private bool away;

    public FakeHost(uint concurrency = 4, TimeSpan? keepsFor = null)
    {
        this.concurrency = concurrency;
        this.keepsFor = keepsFor ?? TimeSpan.FromSeconds(30);
        accepting = AcceptAsync();
    }

    public RawListener Listener { get; } = new();

    public string Address => Listener.Address.ToString();

    public string Instance { get; set; } = "first";

    /// <summary>Every submission, with the id it stands for.</summary>
    public ChannelReader<V1.TaskSubmission> Came => came.Reader;

    public ChannelReader<V1.ClientHello> Hellos => hellos.Reader;

    public ChannelReader<V1.SessionRequest> Frames => frames.Reader;

    /// <summary>How often each id was begun, over all instances.</summary>
    public ConcurrentDictionary<string, int> Runs { get; } = new();

    public void Break()
    {
        lock (gate)
        {
            peers.ForEach(static p => p.Dispose());
            peers.Clear();
            foreach (var job in jobs.Values)
            {
                job.Attached = null;
            }
        }
    }

    /// <summary>Breaks, and hangs up on everybody until <see cref="Return"/>.</summary>
    public void Leave()
    {
        Volatile.Write(ref away, true);
        Break();
    }

    public void Return() => Volatile.Write(ref away, false);

    /// <summary>Dies, and comes back knowing nothing.</summary>
    public void Crash(string nextInstance)
    {
        lock (gate)
        {
            jobs.Clear();
            Instance = nextInstance;
        }

        Break();
    }

    public Task FinishAsync(string id, string json) => FinishAsync(id, new V1.TaskOutcome { Data = ByteString.CopyFromUtf8(json), ServiceUs = 10 });

    /// <summary>The task ends: told at once where a session has it, else kept.</summary>
    public Task FinishAsync(string id, V1.TaskOutcome outcome)
    {
        (RawHttp2Peer, ulong)? told;
        lock (gate)
        {
            told = jobs[id].Attached;
            jobs[id].Outcome = outcome;
        }

        return told is var (peer, sequence) ? TellAsync(peer, sequence, outcome) : Task.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        Break();
        Listener.Dispose();
        await accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await Task.WhenAll(serving).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        stop.Dispose();
    }

    private static Task TellAsync(RawHttp2Peer peer, ulong sequence, V1.TaskOutcome outcome)
    {
        var told = outcome.Clone();
        told.Sequence = sequence;
        return peer.SendAsync(RawHttp2Peer.Message(new V1.SessionResponse { Outcomes = { told } }));
    }

    private async Task AcceptAsync()
    {
        while (!stop.IsCancellationRequested)
        {
            var peer = await Listener.AcceptAsync();
            if (Volatile.Read(ref away))
            {
                peer.Dispose();
                continue;
            }

            lock (gate)
            {
                peers.Add(peer);
                serving.Add(ServeAsync(peer));
            }
        }
    }

    private async Task ServeAsync(RawHttp2Peer peer)
    {
        var hello = await peer.HandshakeAsync(new V1.EndpointHello
        {
            Protocol = 1,
            Concurrency = concurrency,
            HostInstance = Instance,
            AbandonedAfterMs = (ulong)keepsFor.TotalMilliseconds,
            Capabilities = { Capability.Session, Capability.Attach },
        });
        hellos.Writer.TryWrite(hello);
        while (await peer.ReadAsync() is { } frame)
        {
            foreach (var task in frame.Tasks)
            {
                task.Id = task.Id.Length > 0 ? task.Id : $"{hello.IdPrefix}-{task.Number}";
                await TakeAsync(peer, task);
            }

            frames.Writer.TryWrite(frame);
        }
    }

    private async Task TakeAsync(RawHttp2Peer peer, V1.TaskSubmission task)
    {
        V1.TaskOutcome? kept;
        lock (gate)
        {
            if (!jobs.TryGetValue(task.Id, out var job))
            {
                jobs.Add(task.Id, job = new Job());
                Runs.AddOrUpdate(task.Id, 1, static (_, n) => n + 1);
            }

            job.Attached = (peer, task.Sequence);
            kept = job.Outcome;
        }

        came.Writer.TryWrite(task);
        if (kept is not null)
        {
            await TellAsync(peer, task.Sequence, kept);
        }
    }

    private sealed class Job
    {
        public (RawHttp2Peer Peer, ulong Sequence)? Attached { get; set; }

        public V1.TaskOutcome? Outcome { get; set; }
    }
}
