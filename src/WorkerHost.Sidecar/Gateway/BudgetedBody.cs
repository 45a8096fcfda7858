using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Http.Features;

namespace WorkerHost.Sidecar.Gateway;

/// <summary>The messages of one call of gRPC: of a large one no more is read than what has come already until there is room for it. Used by the call's one reader.</summary>
/// <param name="call">Whose body it is.</param>
/// <param name="budget">Of all calls.</param>
/// <param name="maxMessage">What is longer is refused by its header.</param>
/// <param name="outlives">Of a call: a message that was read waits somewhere until the next is asked for.</param>
internal sealed class BudgetedBody(HttpContext call, BufferBudget budget, long maxMessage, Func<HttpContext, bool> outlives) : PipeReader, IRequestBodyPipeFeature, IDisposable
{
    // Compressed or not, and how long.
    private const int HeaderBytes = 5;

    private readonly PipeReader inner = call.Request.BodyReader;

    // Most calls have no large message.
    private BufferBudget.Holder? holder;
    private ReadOnlySequence<byte> read;
    private long wanted;
    private long held;
    private bool isOver;
    private volatile bool hasEnded;

    public PipeReader Reader => this;

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        if (isOver)
        {
            Release();
        }

        if (wanted > 0)
        {
            return TakeAndReadAsync(cancellationToken);
        }

        var reading = inner.ReadAsync(cancellationToken);
        return reading.IsCompletedSuccessfully ? new ValueTask<ReadResult>(Seen(reading.Result)) : SeenAsync(reading);
    }

    public override bool TryRead(out ReadResult result)
    {
        if (wanted > 0 || !inner.TryRead(out result))
        {
            result = default;
            return false;
        }

        Seen(result);
        return true;
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        if ((held > 0 || wanted > 0) && !read.Slice(0, consumed).IsEmpty)
        {
            wanted = 0;
            if (held > 0 && outlives(call))
            {
                isOver = true;
                holder!.Whole(1);
            }
            else
            {
                Release();
            }
        }

        read = default;
        inner.AdvanceTo(consumed, examined);
    }

    public override void CancelPendingRead() => inner.CancelPendingRead();

    public override void Complete(Exception? exception = null)
    {
        Release();
        inner.Complete(exception);
    }

    /// <summary>The call has ended. Whoever still reads it holds nothing any more.</summary>
    public void Dispose()
    {
        hasEnded = true;
        Release();
    }

    private void Release()
    {
        if (isOver)
        {
            isOver = false;
            holder!.Whole(-1);
        }

        if (Interlocked.Exchange(ref held, 0) is > 0 and var bytes)
        {
            budget.Give(holder!, bytes);
        }
    }

    private async ValueTask<ReadResult> TakeAndReadAsync(CancellationToken cancellationToken)
    {
        holder ??= budget.Behind(call);
        await budget.TakeAsync(holder, wanted, cancellationToken).ConfigureAwait(false);
        Interlocked.Exchange(ref held, wanted);
        wanted = 0;
        if (hasEnded)
        {
            Release();
        }

        return Seen(await inner.ReadAsync(cancellationToken).ConfigureAwait(false));
    }

    private async ValueTask<ReadResult> SeenAsync(ValueTask<ReadResult> reading) => Seen(await reading.ConfigureAwait(false));

    // What is there begins with a message: nobody takes a part of one.
    private ReadResult Seen(ReadResult result)
    {
        holder?.Moved();
        read = result.Buffer;
        if (held == 0 && wanted == 0 && read.Length >= HeaderBytes && !result.IsCompleted)
        {
            Span<byte> header = stackalloc byte[HeaderBytes];
            read.Slice(0, HeaderBytes).CopyTo(header);
            long length = BinaryPrimitives.ReadUInt32BigEndian(header[1..]);
            wanted = length > BufferBudget.Uncounted && length <= maxMessage && length + HeaderBytes > read.Length ? length : 0;
        }

        return result;
    }
}
