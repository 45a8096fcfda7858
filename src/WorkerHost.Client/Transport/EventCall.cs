using Grpc.Core;

namespace WorkerHost.Client;

/// <summary>A task over a call of its own that tells what the task says before its end (<c>RunWithEvents</c>).</summary>
/// <param name="state">The endpoint's.</param>
/// <param name="loop">The pool's.</param>
/// <param name="sequence">The task's at this endpoint.</param>
/// <param name="items">Null: its caller takes no items one by one.</param>
internal sealed class EventCall(EndpointState state, DispatchLoop loop, ulong sequence, ItemBuffer? items)
{
    private readonly List<IncomingNews> news = [];

    /// <summary>Null where items are of no interest.</summary>
    public StreamRoom? Room { get; } = items is null ? null : new StreamRoom(items.MaxItems, ItemBuffer.MaxBytes);

    /// <returns>Null: the endpoint has no such method, and nothing has been run.</returns>
    /// <exception cref="RpcException">The task's failure, or the connection's.</exception>
    public async Task<V1.RunResponse?> RunAsync(V1.TaskEndpoint.TaskEndpointClient client, V1.RunRequest request, CallOptions options)
    {
        using var call = client.RunWithEvents(new V1.RunWithEventsRequest { Task = request, CollectsItems = items is null }, options);
        V1.RunResponse? outcome = null;
        var heard = false;
        try
        {
            while (await call.ResponseStream.MoveNext(CancellationToken.None).ConfigureAwait(false))
            {
                heard = true;
                outcome = call.ResponseStream.Current.Outcome ?? outcome;
                Tell(call.ResponseStream.Current);
                if (Room is not null)
                {
                    await Room.AwaitAsync(options.CancellationToken).ConfigureAwait(false);
                }
            }
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.Unimplemented && !heard && WireFailure.Sent(e, state.Worker.Id) is null)
        {
            return null;
        }
        catch (OperationCanceledException e)
        {
            throw new RpcException(new Status(StatusCode.Cancelled, "the call was cancelled", e));
        }

        return outcome ?? throw new RpcException(new Status(StatusCode.Internal, "the endpoint ended the events of the task without its outcome"));
    }

    private void Tell(V1.RunWithEventsResponse response)
    {
        news.Clear();
        switch (response.EventCase)
        {
            case V1.RunWithEventsResponse.EventOneofCase.Item:
                var type = response.Item.ContentType is { Length: > 0 } said ? said : ContentType.Json;
                Room?.Take(response.Item.Data.Length);
                news.Add(new IncomingNews(sequence, IsItem: true, response.Item.Data.ToByteArray(), type, 0, More: false, 0, ""));
                break;
            case V1.RunWithEventsResponse.EventOneofCase.Progress:
                news.Add(new IncomingNews(sequence, IsItem: false, [], "", 0, More: false, response.Progress.Fraction, response.Progress.Message));
                break;
            default:
                // That it started says nothing that the pool would tell.
                return;
        }

        loop.Received(state, news);
    }
}
