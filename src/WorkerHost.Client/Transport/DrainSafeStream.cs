using System.Buffers.Binary;
using System.Net.Sockets;

namespace WorkerHost.Client;

/// <summary>
/// Between the socket and the HTTP/2 client, so that a session can be read to its end after the worker's death.
/// SocketsHttpHandler throws away data it has already received as soon as the connection ends or a write fails.
/// So: failed writes are swallowed, and at the end of the socket the reader first gets an empty DATA frame that ends
/// the session's stream in good order; the end of the connection itself is held back until <see cref="ReaderEnded"/>.
/// Only whole HTTP/2 frames are handed up: what the dead worker had half written is dropped, never completed.
/// </summary>
/// <remarks>A session has a connection to itself, so its stream is number 1 (RFC 9113, 5.1.1).</remarks>
internal sealed class DrainSafeStream(Stream socket) : Stream
{
    private const int FrameHeader = 9;
    private const int SessionStream = 1;
    private const byte DataFrame = 0;
    private const byte HeadersFrame = 1;
    private const byte EndStreamFlag = 1;

    private static readonly byte[] EndOfSession = [0, 0, 0, DataFrame, EndStreamFlag, 0, 0, 0, SessionStream];

    private readonly TaskCompletionSource readerEnded = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // SETTINGS_MAX_FRAME_SIZE is 16 KiB unless the client raises it, which SocketsHttpHandler does not; room for several.
    private byte[] buffer = new byte[64 * 1024];
    private int start;
    private int whole;
    private int end;
    private bool socketEnded;
    private bool sessionBegan;
    private bool sessionEnded;
    private bool writesFail;

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>The other side has ended the connection, in whatever way.</summary>
    public bool HasEnded => Volatile.Read(ref socketEnded);

    /// <summary>Nobody reads the session any more: let the connection end.</summary>
    public void ReaderEnded() => readerEnded.TrySetResult();

    public override async ValueTask<int> ReadAsync(Memory<byte> destination, CancellationToken cancellationToken = default)
    {
        while (start == whole)
        {
            if (socketEnded)
            {
                if (!sessionBegan)
                {
                    // Nothing of a session can be lost, and whoever opens one is to hear that there is none.
                    return 0;
                }

                if (sessionEnded)
                {
                    await readerEnded.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
                    return 0;
                }

                sessionEnded = true;
                EndOfSession.CopyTo(buffer, 0);
                start = 0;
                whole = EndOfSession.Length;
                end = whole;
                continue;
            }

            await FillAsync(cancellationToken).ConfigureAwait(false);
        }

        var count = Math.Min(destination.Length, whole - start);
        buffer.AsSpan(start, count).CopyTo(destination.Span);
        start += count;
        return count;
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default)
    {
        if (writesFail)
        {
            return;
        }

        try
        {
            await socket.WriteAsync(source, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException)
        {
            // The reader will meet the end of the socket in its own time, after everything that had arrived.
            writesFail = true;
        }
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override void Flush()
    {
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("HTTP/2 reads asynchronously");

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException("HTTP/2 writes asynchronously");

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            readerEnded.TrySetResult();
            socket.Dispose();
        }

        base.Dispose(disposing);
    }

    private async ValueTask FillAsync(CancellationToken cancellationToken)
    {
        // Everything whole has been handed up: move the begun frame, if any, to the front.
        var partial = end - whole;
        buffer.AsSpan(whole, partial).CopyTo(buffer);
        start = 0;
        whole = 0;
        end = partial;
        int read;
        try
        {
            read = await socket.ReadAsync(buffer.AsMemory(end), cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException)
        {
            // A peer that died with unread data in its socket resets the connection: an end like any other.
            read = 0;
        }

        if (read == 0)
        {
            socketEnded = true;
            return;
        }

        end += read;
        FindWholeFrames();
    }

    private void FindWholeFrames()
    {
        while (end - whole >= FrameHeader)
        {
            var header = buffer.AsSpan(whole);
            var length = FrameHeader + ((header[0] << 16) | (header[1] << 8) | header[2]);
            if (end - whole < length)
            {
                if (length > buffer.Length)
                {
                    // Only a peer that ignores our settings sends such a frame; the HTTP/2 client above refuses it.
                    Array.Resize(ref buffer, length);
                }

                return;
            }

            var stream = BinaryPrimitives.ReadInt32BigEndian(header[5..]) & int.MaxValue;
            if (stream == SessionStream)
            {
                sessionBegan |= header[3] == HeadersFrame;
                sessionEnded |= header[3] is DataFrame or HeadersFrame && (header[4] & EndStreamFlag) != 0;
            }

            whole += length;
        }
    }
}
