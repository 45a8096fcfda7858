using System.Threading.Channels;
using Google.Protobuf;
using Grpc.Core;
using WorkerHost.V1;

namespace WorkerHost.Worker;

/// <summary>
/// The wire of one session inside a process: frames in both directions, as bytes, in order and bounded, as HTTP/2 would carry them. What
/// was written before the end can still be read. The worker's side of it is here; the pool's is <see cref="InProcessCall{TRequest, TResponse}"/>.
/// </summary>
internal sealed class InProcessSession(WorkerTap? tap) : IAsyncStreamReader<SessionRequest>, IServerStreamWriter<SessionResponse>
{
    // Frames have at most 256 KiB, so this is about what Kestrel and the pool let pass unread.
    private const int MaxUnread = 16;

    // Never disposed of: a pool may end its call as often and as late as it likes.
    private readonly CancellationTokenSource ended = new();

    public Channel<Frame> ToWorker { get; } = New();

    public Channel<Frame> ToPool { get; } = New();

    /// <summary>Cancelled when the pool has ended the call or the connection is cut.</summary>
    public CancellationToken Ended => ended.Token;

    public SessionRequest Current { get; private set; } = new();

    public WriteOptions? WriteOptions { get; set; }

    public async Task<bool> MoveNext(CancellationToken cancellationToken)
    {
        while (await ToWorker.Reader.WaitToReadAsync(cancellationToken).ConfigureAwait(false))
        {
            if (!ToWorker.Reader.TryRead(out var frame))
            {
                continue;
            }

            try
            {
                Current = SessionRequest.Parser.ParseFrom(frame.Bytes.Span);
            }
            finally
            {
                frame.Return();
            }

            return tap is null || await tap.ArrivesAsync(Current).ConfigureAwait(false) ? true : throw new IOException("the connection is cut");
        }

        return false;
    }

    public async Task WriteAsync(SessionResponse message)
    {
        if (tap is not null && !await tap.LeavesAsync(message).ConfigureAwait(false))
        {
            throw new IOException("the connection is cut");
        }

        // The message is used again for the next frame: it is bytes before anything is waited for.
        var frame = Frame.Of(message, static (m, context) =>
        {
            context.SetPayloadLength(m.CalculateSize());
            m.WriteTo(context.GetBufferWriter());
            context.Complete();
        });
        await ToPool.Writer.WriteAsync(frame, Ended).ConfigureAwait(false);
    }

    public Task WriteAsync(SessionResponse message, CancellationToken cancellationToken) => WriteAsync(message);

    /// <summary>The worker is done: its outcomes arrive, and then its status.</summary>
    public void End(Status status)
    {
        ToPool.Writer.TryComplete(status.StatusCode == StatusCode.OK ? null : new RpcException(status));
        Abandon(new IOException("the session has ended"));
    }

    /// <summary>Nothing more gets out, from now on; what has left before arrives.</summary>
    public void CutTowardsPool() => ToPool.Writer.TryComplete(new RpcException(new Status(StatusCode.Unavailable, "the connection was lost")));

    /// <summary>The pool wants no more of it, or the connection is cut altogether.</summary>
    public void Abandon(Exception why)
    {
        CutTowardsPool();
        ToWorker.Writer.TryComplete(why);
        ended.Cancel();
    }

    private static Channel<Frame> New() =>
        Channel.CreateBounded<Frame>(new BoundedChannelOptions(MaxUnread) { SingleReader = true, SingleWriter = true });
}
