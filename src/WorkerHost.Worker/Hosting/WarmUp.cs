using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;
using Google.Protobuf;
using Microsoft.Extensions.Logging;
using WorkerHost.V1;

namespace WorkerHost.Worker;

/// <summary>
/// Runs the worker's own path once before it says SERVING, so that the first task does not pay for what .NET compiles and
/// loads on the way: a session from outside through the socket, HTTP/2, gRPC, the lanes and back. The client is a few
/// canned HTTP/2 frames, because a real one would load an HTTP stack that a worker never needs again.
/// </summary>
internal static partial class WarmUp
{
    private const string TaskName = "workerhost.warm-up";
    private const int Tasks = 32;
    private const byte Data = 0, Headers = 1, Settings = 4;
    private const byte EndStream = 1, Ack = 1, EndHeaders = 4;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    /// <summary>What the session runs; known under its name only until the worker is in service.</summary>
    public static TaskHandler Handler { get; } = new BytesHandler(TaskName, static (bytes, _, _) => new ValueTask<ReadOnlyMemory<byte>>(bytes));

    public static async Task RunAsync(ListenAddress address, LaunchLine launch, TimeProvider time, ILogger logger)
    {
        using var limit = new CancellationTokenSource(Limit, time);
        try
        {
            using var socket = address.SocketPath is null
                ? new Socket(SocketType.Stream, ProtocolType.Tcp)
                : new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await socket.ConnectAsync(address.SocketPath is { } path ? new UnixDomainSocketEndPoint(path) : address.EndPoint!, limit.Token)
                .ConfigureAwait(false);
            var stream = new NetworkStream(socket);
            await using var _ = stream.ConfigureAwait(false);
            await stream.WriteAsync(Request(launch), limit.Token).ConfigureAwait(false);
            await ReadToTheEndAsync(stream, limit.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException)
        {
            // A cold worker is slower at its first task, and nothing else.
            Log.Failed(logger, e.Message);
        }
    }

    private static byte[] Request(LaunchLine launch)
    {
        var hello = new SessionRequest
        {
            Hello = new ClientHello { MinProtocol = 1, MaxProtocol = 1, SessionKey = ulong.MaxValue, Client = "warm-up", IdPrefix = "warm-up" },
        };
        var request = new MemoryStream();
        request.Write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8);
        Write(request, Settings, 0, stream: 0, []);
        Write(request, Headers, EndHeaders, stream: 1, HeaderBlock(launch.Secret));
        Write(request, Data, 0, stream: 1, Message(hello));
        for (var i = 1; i <= Tasks; i++)
        {
            var task = new TaskSubmission
            {
                Sequence = (ulong)i,
                Number = (ulong)i,
                Task = TaskName,
                ContentType = ContentType.Bytes,
                Data = ByteString.CopyFromUtf8("warm-up"),
            };
            Write(request, Data, i == Tasks ? EndStream : (byte)0, stream: 1, Message(new SessionRequest { Tasks = { task } }));
        }

        return request.ToArray();
    }

    // HPACK (RFC 7541) without its tables: an index of the static table for a name or a whole field, and plain strings.
    private static byte[] HeaderBlock(string? secret)
    {
        var block = new MemoryStream();
        block.Write([0x83, 0x86, 0x04]); // :method POST, :scheme http, :path
        String(block, "/workerhost.v1.TaskEndpoint/OpenSession");
        block.WriteByte(0x01); // :authority
        String(block, "localhost");
        block.Write([0x0F, 0x10]); // content-type
        String(block, "application/grpc");
        block.WriteByte(0x00);
        String(block, "te");
        String(block, "trailers");
        if (secret is not null)
        {
            block.Write([0x1F, 0x08]); // authorization, never to be indexed
            String(block, $"Bearer {secret}");
        }

        return block.ToArray();
    }

    private static void String(MemoryStream block, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        var length = bytes.Length;
        if (length < 127)
        {
            block.WriteByte((byte)length);
        }
        else
        {
            block.WriteByte(127);
            for (length -= 127; length >= 128; length /= 128)
            {
                block.WriteByte((byte)((length % 128) | 128));
            }

            block.WriteByte((byte)length);
        }

        block.Write(bytes);
    }

    // gRPC: a byte that says "not compressed", and the length.
    private static byte[] Message(SessionRequest frame)
    {
        var message = new byte[5 + frame.CalculateSize()];
        BinaryPrimitives.WriteInt32BigEndian(message.AsSpan(1), message.Length - 5);
        frame.WriteTo(message.AsSpan(5));
        return message;
    }

    private static void Write(Stream output, byte type, byte flags, int stream, ReadOnlySpan<byte> payload)
    {
        Span<byte> header = stackalloc byte[9];
        BinaryPrimitives.WriteInt32BigEndian(header, payload.Length << 8);
        header[3] = type;
        header[4] = flags;
        BinaryPrimitives.WriteInt32BigEndian(header[5..], stream);
        output.Write(header);
        output.Write(payload);
    }

    private static async Task ReadToTheEndAsync(NetworkStream stream, CancellationToken cancellationToken)
    {
        var header = new byte[9];
        var payload = new byte[1 << 14];
        while (true)
        {
            await stream.ReadExactlyAsync(header, cancellationToken).ConfigureAwait(false);
            var length = (header[0] << 16) | (header[1] << 8) | header[2];
            if (length > payload.Length)
            {
                payload = new byte[length];
            }

            await stream.ReadExactlyAsync(payload.AsMemory(0, length), cancellationToken).ConfigureAwait(false);
            var (type, flags) = (header[3], header[4]);
            if (type == Settings && (flags & Ack) == 0)
            {
                var acknowledged = new MemoryStream();
                Write(acknowledged, Settings, Ack, stream: 0, []);
                await stream.WriteAsync(acknowledged.ToArray(), cancellationToken).ConfigureAwait(false);
            }
            else if (type == Headers && (flags & EndStream) != 0)
            {
                return;
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "the warm-up did not end well, so the first tasks will be slower: {Problem}")]
        public static partial void Failed(ILogger logger, string problem);
    }
}
