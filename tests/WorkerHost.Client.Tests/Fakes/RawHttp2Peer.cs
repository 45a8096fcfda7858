using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace WorkerHost.Client.Tests;

/// <summary>
/// The server's end of one connection, byte by byte: just enough HTTP/2 (RFC 9113) and gRPC for a session on stream 1.
/// Flow control is not needed: the windows are opened wide at the start, and little is sent.
/// </summary>
internal sealed class RawHttp2Peer(Socket socket) : IDisposable
{
    public const byte Data = 0;
    public const byte Headers = 1;
    public const byte ResetStream = 3;
    public const byte Settings = 4;
    public const byte Ping = 6;
    public const byte WindowUpdate = 8;
    public const byte EndStream = 1;
    public const byte EndHeaders = 4;
    public const byte Ack = 1;

    private const int MaxFrame = 16_384;

    private readonly byte[] header = new byte[9];
    private readonly Dictionary<int, MemoryStream> received = [];
    private bool prefaceRead;

    public Socket Socket => socket;

    /// <summary>The connection is a session's: the end of its stream is the end. Otherwise every call has a stream.</summary>
    public bool IsSession { get; init; } = true;

    /// <summary>The client has nothing more to say on the session's stream.</summary>
    public bool HalfClosed { get; private set; }

    /// <summary>The call the client gave up last.</summary>
    public int? Reset { get; private set; }

    /// <summary>Reads until a message of the session is whole; null: the client closed or half-closed.</summary>
    public async Task<V1.SessionRequest?> ReadAsync() => await ReadMessageAsync() is { } read ? V1.SessionRequest.Parser.ParseFrom(read.Message) : null;

    /// <summary>Reads frames until a message of any stream is whole; null: the client closed, half-closed its session or gave up a call.</summary>
    public async Task<(int Stream, byte[] Message)?> ReadMessageAsync()
    {
        if (!prefaceRead)
        {
            prefaceRead = true;
            if (!await FillAsync(new byte[24]))
            {
                return null;
            }

            // SETTINGS_INITIAL_WINDOW_SIZE (4) = 2^31 - 1, and the connection's window as well.
            await SendAsync((byte[])[.. Frame(Settings, 0, 0, [0, 4, 0x7F, 0xFF, 0xFF, 0xFF]), .. Frame(WindowUpdate, 0, 0, [0x7F, 0xFF, 0, 0])]);
        }

        while (true)
        {
            if (TakeMessage() is { } message)
            {
                return message;
            }

            if (HalfClosed || !await FillAsync(header))
            {
                return null;
            }

            var payload = new byte[(header[0] << 16) | (header[1] << 8) | header[2]];
            if (!await FillAsync(payload))
            {
                return null;
            }

            switch (header[3])
            {
                case Data:
                    var stream = BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(5));
                    if (!received.TryGetValue(stream, out var gathered))
                    {
                        received.Add(stream, gathered = new MemoryStream());
                    }

                    gathered.Position = gathered.Length;
                    gathered.Write(payload);
                    HalfClosed |= IsSession && (header[4] & EndStream) != 0;
                    break;
                case ResetStream when !IsSession:
                    Reset = BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(5));
                    return null;
                case Settings when (header[4] & Ack) == 0:
                    await SendAsync(Frame(Settings, Ack, 0, []));
                    break;
                case Ping when (header[4] & Ack) == 0:
                    await SendAsync(Frame(Ping, Ack, 0, payload));
                    break;
            }
        }
    }

    /// <summary>Answers the hello of a session.</summary>
    public Task HandshakeAsync(uint concurrency, uint maxFrameBytes = 0, string? encoding = null) =>
        HandshakeAsync(new V1.EndpointHello { Protocol = 1, Concurrency = concurrency, HostInstance = "raw", MaxFrameBytes = maxFrameBytes }, encoding);

    /// <summary>Answers the hello of a session with this one.</summary>
    public async Task<V1.ClientHello> HandshakeAsync(V1.EndpointHello answer, string? encoding = null)
    {
        var hello = (await ReadAsync())?.Hello;
        Assert.NotNull(hello);
        await SendAsync((byte[])[.. ResponseHeaders(encoding: encoding), .. Message(new V1.SessionResponse { Hello = answer })]);
        return hello;
    }

    public async Task SendAsync(ReadOnlyMemory<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            bytes = bytes[await socket.SendAsync(bytes, SocketFlags.None)..];
        }
    }

    public void Dispose() => socket.Dispose();

    public static byte[] Frame(byte type, byte flags, int stream, ReadOnlySpan<byte> payload)
    {
        var frame = new byte[9 + payload.Length];
        frame[0] = (byte)(payload.Length >> 16);
        frame[1] = (byte)(payload.Length >> 8);
        frame[2] = (byte)payload.Length;
        frame[3] = type;
        frame[4] = flags;
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(5), stream);
        payload.CopyTo(frame.AsSpan(9));
        return frame;
    }

    /// <summary>":status: 200" (RFC 7541, static table 8) and a content type, literally and without Huffman.</summary>
    public static byte[] ResponseHeaders(int stream = 1, string? encoding = null) => Frame(
        Headers, EndHeaders, stream, [0x88, .. Literal("content-type", "application/grpc"), .. encoding is null ? [] : Literal("grpc-encoding", encoding)]);

    /// <summary>A call refused with a status, its words and perhaps our failure.</summary>
    public static byte[] Refusal(int status, int stream = 1, string words = "", V1.TaskFailure? failure = null) => Frame(
        Headers,
        EndHeaders | EndStream,
        stream,
        [
            0x88,
            .. Literal("content-type", "application/grpc"),
            .. Literal("grpc-status", status.ToString(System.Globalization.CultureInfo.InvariantCulture)),
            .. Literal("grpc-message", words),
            .. failure is null ? [] : Literal("grpc-status-details-bin", Convert.ToBase64String(new Google.Rpc.Status { Code = status, Details = { Any.Pack(failure) } }.ToByteArray())),
        ]);

    public static byte[] Trailers(int status = 0, int stream = 1) =>
        Frame(Headers, EndHeaders | EndStream, stream, Literal("grpc-status", status.ToString(System.Globalization.CultureInfo.InvariantCulture)));

    /// <summary>A gRPC message in as many DATA frames as it takes.</summary>
    public static byte[] Message(IMessage response, int stream = 1) => Message(response.ToByteArray(), compressed: false, stream);

    public static byte[] Message(byte[] body, bool compressed, int stream = 1)
    {
        byte[] message = [compressed ? (byte)1 : (byte)0, (byte)(body.Length >> 24), (byte)(body.Length >> 16), (byte)(body.Length >> 8), (byte)body.Length, .. body];
        using var frames = new MemoryStream();
        for (var at = 0; at < message.Length; at += MaxFrame)
        {
            frames.Write(Frame(Data, 0, stream, message.AsSpan(at, Math.Min(MaxFrame, message.Length - at))));
        }

        return frames.ToArray();
    }

    private static byte[] Literal(string name, string value) => [0, (byte)name.Length, .. Encoding.ASCII.GetBytes(name), (byte)value.Length, .. Encoding.ASCII.GetBytes(value)];

    private (int Stream, byte[] Message)? TakeMessage()
    {
        foreach (var (stream, gathered) in received)
        {
            var bytes = gathered.GetBuffer().AsSpan(0, (int)gathered.Length);
            if (bytes.Length < 5 || BinaryPrimitives.ReadInt32BigEndian(bytes[1..]) is var length && bytes.Length < 5 + length)
            {
                continue;
            }

            var message = bytes.Slice(5, length).ToArray();
            var rest = bytes[(5 + length)..].ToArray();
            gathered.SetLength(0);
            gathered.Write(rest);
            return (stream, message);
        }

        return null;
    }

    private async Task<bool> FillAsync(Memory<byte> buffer)
    {
        try
        {
            while (!buffer.IsEmpty)
            {
                var read = await socket.ReceiveAsync(buffer, SocketFlags.None);
                if (read == 0)
                {
                    return false;
                }

                buffer = buffer[read..];
            }

            return true;
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return false;
        }
    }
}
