using CsCheck;

namespace WorkerHost.Client.Tests;

/// <summary>Bytes out are the whole frames in, and then a good end; whatever the socket does.</summary>
[Trait("Scenario", "12")]
public sealed class DrainSafeStreamTests
{
    private static readonly byte[] EndOfSession = [0, 0, 0, 0, 1, 0, 0, 0, 1];
    private static readonly byte[] Settings = RawHttp2Peer.Frame(RawHttp2Peer.Settings, 0, 0, [0, 4, 0, 1, 0, 0]);
    private static readonly byte[] Begin = RawHttp2Peer.Frame(RawHttp2Peer.Headers, RawHttp2Peer.EndHeaders, 1, [0x88]);
    private static readonly byte[] SomeData = RawHttp2Peer.Frame(RawHttp2Peer.Data, 0, 1, "hello"u8);
    private static readonly byte[] Session = [.. Settings, .. Begin, .. SomeData, .. SomeData];

    public static TheoryData<int, bool> EveryByte()
    {
        var data = new TheoryData<int, bool>();
        for (var cut = Settings.Length + Begin.Length; cut <= Session.Length; cut++)
        {
            data.Add(cut, false);
            data.Add(cut, true);
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(EveryByte))]
    public async Task A_connection_that_ends_at_any_byte_of_a_session_gives_its_whole_frames_and_a_good_end(int cut, bool reset)
    {
        await using var stream = new DrainSafeStream(new ScriptedStream(Session[..cut], static () => 7, reset));
        byte[] expected = [.. WholeFrames(Session[..cut]), .. EndOfSession];
        AssertBytes(expected, await ReadAsync(stream, expected.Length));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(8)]
    [InlineData(9)]
    [InlineData(10)]
    [InlineData(1000)]
    public async Task Frames_in_pieces_of_any_size_are_handed_up_whole(int size)
    {
        await using var stream = new DrainSafeStream(new ScriptedStream(Session, () => size));
        AssertBytes([.. Session, .. EndOfSession], await ReadAsync(stream, Session.Length + 9));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(100)]
    public async Task A_reader_may_take_as_little_at_a_time_as_it_likes(int destination)
    {
        await using var stream = new DrainSafeStream(new ScriptedStream(Session, static () => 11));
        AssertBytes([.. Session, .. EndOfSession], await ReadAsync(stream, Session.Length + 9, destination));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_end_of_the_connection_is_held_back_until_the_reader_has_ended(bool reset)
    {
        await using var stream = new DrainSafeStream(new ScriptedStream(Session, static () => 100, reset));
        await ReadAsync(stream, Session.Length + 9);

        var end = stream.ReadAsync(new byte[10], TestContext.Current.CancellationToken).AsTask();
        Assert.False(end.IsCompleted);
        stream.ReaderEnded();

        Assert.Equal(0, await end.Soon());
        Assert.Equal(0, await stream.ReadAsync(new byte[10], TestContext.Current.CancellationToken).AsTask().Soon());
    }

    [Theory]
    [InlineData(RawHttp2Peer.Data)]
    [InlineData(RawHttp2Peer.Headers)]
    public async Task A_session_that_had_ended_is_not_ended_again(byte type)
    {
        byte[] bytes = [.. Session, .. RawHttp2Peer.Frame(type, (byte)(RawHttp2Peer.EndStream | (type == RawHttp2Peer.Headers ? RawHttp2Peer.EndHeaders : 0)), 1, "x"u8)];
        await using var stream = new DrainSafeStream(new ScriptedStream(bytes, static () => 100));
        AssertBytes(bytes, await ReadAsync(stream, bytes.Length));
        var end = stream.ReadAsync(new byte[10], TestContext.Current.CancellationToken).AsTask();
        Assert.False(end.IsCompleted);
        stream.ReaderEnded();
        Assert.Equal(0, await end.Soon());
    }

    [Fact]
    public async Task An_end_on_another_stream_is_not_the_sessions()
    {
        byte[] bytes = [.. Session, .. RawHttp2Peer.Frame(RawHttp2Peer.Data, RawHttp2Peer.EndStream, 3, [])];
        await using var stream = new DrainSafeStream(new ScriptedStream(bytes, static () => 100));
        AssertBytes([.. bytes, .. EndOfSession], await ReadAsync(stream, bytes.Length + 9));
    }

    [Fact]
    public async Task A_connection_that_ends_before_the_session_began_ends_at_once()
    {
        foreach (var bytes in new[] { [], Settings, [.. Settings, .. Begin[..^1]] })
        {
            await using var stream = new DrainSafeStream(new ScriptedStream(bytes, static () => 100));
            var whole = WholeFrames(bytes);
            AssertBytes(whole, await ReadAsync(stream, whole.Length));
            Assert.Equal(0, await stream.ReadAsync(new byte[10], TestContext.Current.CancellationToken).AsTask().Soon());
        }
    }

    [Fact]
    public async Task Writes_after_the_death_are_swallowed_and_the_socket_is_left_alone()
    {
        var socket = new ScriptedStream(Session, static () => 100) { HoldEnd = true };
        await using var stream = new DrainSafeStream(socket);
        await stream.WriteAsync("alive"u8.ToArray(), TestContext.Current.CancellationToken);
        socket.FailWrites();
        await stream.WriteAsync("dead"u8.ToArray(), TestContext.Current.CancellationToken);
        await stream.WriteAsync("dead"u8.ToArray(), TestContext.Current.CancellationToken);
        await stream.FlushAsync(TestContext.Current.CancellationToken);

        Assert.Equal(2, socket.WriteCalls);
        Assert.Equal("alive"u8.ToArray(), socket.Written.ToArray());
        AssertBytes(Session, await ReadAsync(stream, Session.Length));
        socket.LetEnd();
        AssertBytes(EndOfSession, await ReadAsync(stream, 9));
    }

    [Fact]
    public async Task A_frame_larger_than_the_buffer_passes_whole()
    {
        byte[] bytes = [.. Session, .. RawHttp2Peer.Frame(RawHttp2Peer.Data, 0, 1, new byte[300_000]), .. SomeData];
        await using var stream = new DrainSafeStream(new ScriptedStream(bytes, static () => 50_000));
        AssertBytes([.. bytes, .. EndOfSession], await ReadAsync(stream, bytes.Length + 9));
    }

    [Fact]
    public async Task A_closed_stream_lets_its_reader_go()
    {
        var stream = new DrainSafeStream(new ScriptedStream(Session, static () => 100));
        await ReadAsync(stream, Session.Length + 9);
        var end = stream.ReadAsync(new byte[10], TestContext.Current.CancellationToken).AsTask();
        await stream.DisposeAsync();
        Assert.Equal(0, await end.Soon());
    }

    [Fact]
    public void Random_frames_in_random_pieces_cut_anywhere_are_the_whole_frames_and_one_good_end()
    {
        var frame = Gen.Select(Gen.OneOf(Gen.Int[0, 40], Gen.Int[0, 20_000]), Gen.Int[0, 9], static (length, kind) => kind switch
        {
            0 => RawHttp2Peer.Frame(RawHttp2Peer.WindowUpdate, 0, 0, [0, 0, 1, 0]),
            1 => RawHttp2Peer.Frame(RawHttp2Peer.Ping, 0, 0, new byte[8]),
            2 => RawHttp2Peer.Frame(RawHttp2Peer.Data, RawHttp2Peer.EndStream, 5, new byte[length]),
            _ => RawHttp2Peer.Frame(RawHttp2Peer.Data, 0, 1, Fill(length, kind)),
        });
        Gen.Select(frame.Array[0, 12], Gen.Int[1, 70_000], Gen.Int[1, 40_000], Gen.Double[0, 1], Gen.Bool).Sample(
            (frames, piece, destination, cutAt, reset) =>
            {
                byte[] all = [.. Settings, .. Begin, .. frames.SelectMany(static f => f)];
                var begun = Settings.Length + Begin.Length;
                var bytes = all[..(begun + (int)((all.Length - begun) * cutAt))];
                using var stream = new DrainSafeStream(new ScriptedStream(bytes, () => piece, reset));
                byte[] expected = [.. WholeFrames(bytes), .. EndOfSession];
                return ReadAsync(stream, expected.Length, destination).GetAwaiter().GetResult().AsSpan().SequenceEqual(expected);
            },
            iter: 1_000,
            threads: 1);
    }

    private static void AssertBytes(byte[] expected, byte[] actual) => Assert.Equal(expected, actual);

    private static byte[] Fill(int length, int with)
    {
        var bytes = new byte[length];
        Array.Fill(bytes, (byte)with);
        return bytes;
    }

    /// <summary>The rule by itself, written another way.</summary>
    private static byte[] WholeFrames(byte[] bytes)
    {
        var at = 0;
        while (bytes.Length - at >= 9)
        {
            var length = 9 + (bytes[at] * 65536) + (bytes[at + 1] * 256) + bytes[at + 2];
            if (bytes.Length - at < length)
            {
                break;
            }

            at += length;
        }

        return bytes[..at];
    }

    private static async Task<byte[]> ReadAsync(DrainSafeStream stream, int count, int atATime = 64 * 1024)
    {
        using var read = new MemoryStream();
        var buffer = new byte[atATime];
        while (read.Length < count)
        {
            var n = await stream.ReadAsync(buffer.AsMemory(0, (int)Math.Min(atATime, count - read.Length + 1)), TestContext.Current.CancellationToken).AsTask().Soon();
            if (n == 0)
            {
                break;
            }

            read.Write(buffer.AsSpan(0, n));
        }

        return read.ToArray();
    }
}
