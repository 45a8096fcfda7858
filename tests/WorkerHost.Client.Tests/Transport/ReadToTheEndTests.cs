using System.Diagnostics;
using System.Net.Sockets;
using Google.Protobuf;

namespace WorkerHost.Client.Tests;

/// <summary>
/// Scenario 12 against a fake on a raw socket: outcomes are written, the connection ends at once at a random byte, and
/// every outcome whose bytes had been wholly written is delivered, however slow the reader and whatever is being written.
/// </summary>
[Trait("Scenario", "12")]
public sealed class ReadToTheEndTests(ITestOutputHelper output)
{
    [Fact]
    public Task Every_outcome_wholly_written_before_the_end_is_delivered_ten_thousand_times() => RunAsync(rounds: 10_000);

    private async Task RunAsync(int rounds)
    {
        var seed = Random.Shared.Next();
        var clock = Stopwatch.StartNew();
        var (delivered, lost, next) = (0, 0, -1);
        await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => Task.Run(async () =>
        {
            using var listener = new RawListener();
            for (int round; (round = Interlocked.Increment(ref next)) < rounds;)
            {
                var (whole, rest) = await RoundAsync(listener, seed + round);
                Interlocked.Add(ref delivered, whole);
                Interlocked.Add(ref lost, rest);
            }
        })));
        output.WriteLine($"{rounds / clock.Elapsed.TotalSeconds:0} rounds/s, {delivered} outcomes delivered, {lost} never written, from seed {seed}");
        Assert.True(delivered > rounds && lost > rounds, "the rounds are to have both kinds");
    }

    private static async Task<(int Delivered, int Lost)> RoundAsync(RawListener listener, int seed)
    {
        var random = new Random(seed);
        await using var rig = new LoopRig();
        var mayRead = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var slow = random.Next(2) == 0;
        var begun = false;
        var transport = new TransportOptions
        {
            Random = random,
            Time = rig.Time,
            WrapSocket = s => new SlowStream(s, mayRead.Task) { Waits = () => Volatile.Read(ref begun) && slow },
        };
        var opening = SessionConnection.OpenAsync(listener.Worker(), "", "test", resumes: 0, supervised: false, rig.Loop, transport, TestContext.Current.CancellationToken);
        using var peer = await listener.AcceptAsync().Soon();
        await peer.HandshakeAsync(concurrency: 64).Soon();
        await using var connection = await opening.Soon();
        rig.Loop.EndpointOpened(connection.State);
        connection.Start();

        var futures = Enumerable.Range(0, 1 + random.Next(24)).Select(_ => rig.Submit(new LengthReader())).ToList();
        List<ulong> sequences = [];
        while (sequences.Count < futures.Count)
        {
            sequences.AddRange((await peer.ReadAsync().Soon())!.Tasks.Select(static t => t.Sequence));
        }

        // The outcomes in any order and in messages of several, some longer than a frame.
        var (bytes, wholeAt) = Outcomes(random, sequences);
        var cut = random.Next(10) == 0 ? bytes.Length : random.Next(bytes.Length + 1);
        Volatile.Write(ref begun, true);
        var writing = random.Next(2) == 0 ? Task.Run(() => Write(rig)) : Task.CompletedTask;
        var at = 0;
        while (at < cut)
        {
            var piece = Math.Min(cut - at, 1 + random.Next(40_000));
            await peer.SendAsync(bytes.AsMemory(at, piece)).Soon();
            at += piece;
        }

        if (random.Next(3) == 0)
        {
            peer.Socket.LingerState = new LingerOption(true, 0);
        }

        peer.Socket.Close();
        mayRead.SetResult();
        await connection.Ended.Soon();
        await writing.Soon();
        rig.Loop.CancelAll();

        var delivered = 0;
        for (var i = 0; i < futures.Count; i++)
        {
            await futures[i].Completion.Ended();
            var whole = wholeAt[sequences[i]] <= cut;
            Assert.True(
                futures[i].State == (whole ? TaskState.Succeeded : TaskState.Failed),
                $"seed {seed}: outcome {i} of {futures.Count} ends at byte {wholeAt[sequences[i]]}, {cut} were written, and its future is {futures[i].State}: {futures[i].Failure?.Message}");
            delivered += whole ? 1 : 0;
        }

        return (delivered, futures.Count - delivered);
    }

    private static (byte[] Bytes, Dictionary<ulong, int> WholeAt) Outcomes(Random random, List<ulong> sequences)
    {
        using var bytes = new MemoryStream();
        var wholeAt = new Dictionary<ulong, int>();
        var left = new Queue<ulong>(sequences.OrderBy(_ => random.Next()));
        while (left.Count > 0)
        {
            var message = new V1.SessionResponse();
            for (var n = 1 + random.Next(4); n > 0 && left.TryDequeue(out var sequence); n--)
            {
                var length = random.Next(10) == 0 ? random.Next(9_000) : random.Next(60);
                message.Outcomes.Add(new V1.TaskOutcome { Sequence = sequence, Data = ByteString.CopyFrom(new byte[length]), ContentType = ContentType.Bytes, ServiceUs = 1 });
            }

            bytes.Write(RawHttp2Peer.Message(message));
            foreach (var outcome in message.Outcomes)
            {
                wholeAt[outcome.Sequence] = (int)bytes.Length;
            }
        }

        return (bytes.ToArray(), wholeAt);
    }

    private static void Write(LoopRig rig)
    {
        for (var i = 0; i < 20; i++)
        {
            _ = rig.Submit(new LengthReader());
        }
    }

    private sealed class LengthReader : IResultReader<int>
    {
        public int Read(ReadOnlyMemory<byte> data, string contentType) => data.Length;
    }
}
