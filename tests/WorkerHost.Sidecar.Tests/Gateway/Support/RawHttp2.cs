using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;

namespace WorkerHost.Sidecar.Tests.Gateway;

/// <summary>Frames of HTTP/2 as no client would write them.</summary>
internal sealed class RawHttp2 : IDisposable
{
    public const byte Data = 0, Headers = 1, Reset = 3, Settings = 4, Ping = 6, GoAway = 7, Window = 8, Continuation = 9;
    public const byte EndStream = 1, Ack = 1, EndHeaders = 4;

    private readonly Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);

    public RawHttp2(string path) => socket.Connect(new UnixDomainSocketEndPoint(path));

    /// <summary>The preface and empty settings.</summary>
    public static byte[] Hello { get; } = [.. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8, .. Frame(Settings, 0, 0, [])];

    public static byte[] Frame(byte type, byte flags, int stream, ReadOnlySpan<byte> payload, int? length = null)
    {
        var frame = new byte[9 + payload.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame, (length ?? payload.Length) << 8);
        frame[3] = type;
        frame[4] = flags;
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(5), stream);
        payload.CopyTo(frame.AsSpan(9));
        return frame;
    }

    /// <summary>Of a call, in HPACK without its tables.</summary>
    public static byte[] Call(string path, params (string Name, string Value)[] more)
    {
        var block = new List<byte> { 0x83, 0x86, 0x04 };
        Text(block, path);
        block.Add(0x01);
        Text(block, "localhost");
        foreach (var (name, value) in more.Prepend(("te", "trailers")).Prepend(("content-type", "application/grpc")))
        {
            block.Add(0x00);
            Text(block, name);
            Text(block, value);
        }

        return [.. block];
    }

    /// <summary>What the host takes of it; a connection that it closes takes no more.</summary>
    public void Send(params byte[][] frames)
    {
        try
        {
            foreach (var frame in frames)
            {
                socket.Send(frame);
            }
        }
        catch (SocketException)
        {
            // Closed, which is an answer.
        }
    }

    public void HalfClose() => socket.Shutdown(SocketShutdown.Send);

    /// <summary>Whether the host has closed it within the patience of the tests.</summary>
    public async Task ClosedAsync()
    {
        var buffer = new byte[64 * 1024];
        try
        {
            while (await socket.ReceiveAsync(buffer, TestContext.Current.CancellationToken).AsTask().WaitAsync(HostUnderTest.Patience) > 0)
            {
            }
        }
        catch (SocketException)
        {
            // Reset.
        }
    }

    public void Dispose() => socket.Dispose();

    private static void Text(List<byte> block, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        var length = bytes.Length;
        if (length < 127)
        {
            block.Add((byte)length);
        }
        else
        {
            block.Add(127);
            for (length -= 127; length >= 128; length /= 128)
            {
                block.Add((byte)((length % 128) | 128));
            }

            block.Add((byte)length);
        }

        block.AddRange(bytes);
    }
}
