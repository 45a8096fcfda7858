using Google.Protobuf;
using Grpc.Core;
using WorkerHost.V1;

namespace WorkerHost.Worker.Tests;

/// <summary>A session as a client without any cleverness has it.</summary>
internal sealed class SessionUnderTest : IDisposable
{
    private readonly AsyncDuplexStreamingCall<SessionRequest, SessionResponse> call;
    private readonly Dictionary<ulong, TaskOutcome> outcomes = [];

    private SessionUnderTest(AsyncDuplexStreamingCall<SessionRequest, SessionResponse> call) => this.call = call;

    public EndpointHello Hello { get; private set; } = new();

    public ulong Key { get; private set; }

    /// <summary>Frames as they came, the hello not counted.</summary>
    public List<SessionResponse> Frames { get; } = [];

    public Status Status => call.GetStatus();

    public static async Task<SessionUnderTest> OpenAsync(TaskEndpoint.TaskEndpointClient endpoint, Action<ClientHello>? change = null)
    {
        var session = new SessionUnderTest(endpoint.OpenSession());
        var hello = new ClientHello
        {
            MinProtocol = 1,
            MaxProtocol = 1,
            Client = "tests",
            SessionKey = (ulong)Random.Shared.NextInt64(1, long.MaxValue),
            IdPrefix = "prefix",
        };
        change?.Invoke(hello);
        session.Key = hello.SessionKey;
        await session.SendAsync(new SessionRequest { Hello = hello });
        Assert.True(await session.call.ResponseStream.MoveNext(TestContext.Current.CancellationToken), "no hello came back");
        session.Hello = session.call.ResponseStream.Current.Hello;
        Assert.NotNull(session.Hello);
        return session;
    }

    public Task SendAsync(SessionRequest frame) => call.RequestStream.WriteAsync(frame);

    public Task SubmitAsync(params TaskSubmission[] tasks) => SendAsync(new SessionRequest { Tasks = { tasks } });

    public Task CancelAsync(params ulong[] sequences) => SendAsync(new SessionRequest { Cancel = { sequences } });

    public Task RecallAsync(params ulong[] sequences) => SendAsync(new SessionRequest { Recall = { sequences } });

    /// <summary>
    /// Nothing more will be submitted. Before a worker leaves whose last frame is wanted: SocketsHttpHandler throws away what it has received when a connection ends on
    /// which it could still send.
    /// </summary>
    public Task HalfCloseAsync() => call.RequestStream.CompleteAsync();

    public static TaskSubmission Task(ulong sequence, string task, string json = "[]") => new()
    {
        Sequence = sequence,
        Task = task,
        Data = ByteString.CopyFromUtf8(json),
        Number = sequence,
    };

    public static TaskSubmission Echo(ulong sequence, ByteString data) => new()
    {
        Sequence = sequence,
        Task = "echo",
        ContentType = ContentType.Bytes,
        Data = data,
        Number = sequence,
    };

    /// <summary>Reads frames until the outcome of this task is there.</summary>
    public async Task<TaskOutcome> OutcomeAsync(ulong sequence)
    {
        while (true)
        {
            if (outcomes.TryGetValue(sequence, out var outcome))
            {
                return outcome;
            }

            Assert.NotNull(await FrameAsync());
        }
    }

    /// <summary>The next frame; null at the end of the session.</summary>
    public async Task<SessionResponse?> FrameAsync()
    {
        if (!await call.ResponseStream.MoveNext(TestContext.Current.CancellationToken).WaitAsync(WorkerUnderTest.Patience))
        {
            return null;
        }

        var frame = call.ResponseStream.Current;
        Frames.Add(frame);
        foreach (var outcome in frame.Outcomes)
        {
            Assert.True(outcomes.TryAdd(outcome.Sequence, outcome), $"two outcomes for {outcome.Sequence}");
        }

        return frame;
    }

    /// <summary>Reads to the end of the session and returns every outcome so far.</summary>
    public async Task<IReadOnlyDictionary<ulong, TaskOutcome>> ToTheEndAsync()
    {
        while (await FrameAsync() is not null)
        {
        }

        return outcomes;
    }

    public void Dispose() => call.Dispose();
}
