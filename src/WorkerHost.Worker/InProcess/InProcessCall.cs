using System.Threading.Channels;
using Grpc.Core;

namespace WorkerHost.Worker;

/// <summary>The pool's side of an <see cref="InProcessSession"/>: what grpc-dotnet's call is to a session over a socket.</summary>
internal sealed class InProcessCall<TRequest, TResponse>(InProcessSession session, Method<TRequest, TResponse> method)
    : IClientStreamWriter<TRequest>, IAsyncStreamReader<TResponse>
    where TRequest : class
    where TResponse : class
{
    private TResponse? current;

    public TResponse Current => current ?? throw new InvalidOperationException("nothing was read yet");

    public WriteOptions? WriteOptions { get; set; }

    public Task WriteAsync(TRequest message) => WriteAsync(message, CancellationToken.None);

    public async Task WriteAsync(TRequest message, CancellationToken cancellationToken)
    {
        var frame = Frame.Of(message, method.RequestMarshaller.ContextualSerializer);
        try
        {
            await session.ToWorker.Writer.WriteAsync(frame, cancellationToken).ConfigureAwait(false);
        }
        catch (ChannelClosedException e)
        {
            throw new RpcException(new Status(StatusCode.Unavailable, "the session has ended", e));
        }
    }

    public Task CompleteAsync()
    {
        session.ToWorker.Writer.TryComplete();
        return Task.CompletedTask;
    }

    public async Task<bool> MoveNext(CancellationToken cancellationToken)
    {
        while (await session.ToPool.Reader.WaitToReadAsync(cancellationToken).ConfigureAwait(false))
        {
            if (session.ToPool.Reader.TryRead(out var frame))
            {
                try
                {
                    current = frame.Read(method.ResponseMarshaller.ContextualDeserializer);
                }
                finally
                {
                    frame.Return();
                }

                return true;
            }
        }

        return false;
    }
}
