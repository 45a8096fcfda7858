using System.Runtime.InteropServices;

namespace WorkerHost.Client;

/// <summary>What running tasks say, on its way to whoever listens.</summary>
internal sealed partial class DispatchLoop
{
    /// <summary>What a unary call says before its outcome.</summary>
    public void Received(EndpointState endpoint, List<IncomingNews> news)
    {
        List<DispatchAction> actions;
        lock (gate)
        {
            Heard(endpoint, news);
            actions = TakeActions();
        }

        Tell(endpoint, news);
        Carry(actions);
    }

    // In the gate: whose listeners are told.
    private void Heard(EndpointState endpoint, List<IncomingNews> all)
    {
        foreach (ref var news in CollectionsMarshal.AsSpan(all))
        {
            news.Entry = dispatcher.Heard(endpoint, news.Sequence, news.IsItem, isWhole: !news.More);
        }
    }

    // Outside of it.
    private void Tell(EndpointState endpoint, List<IncomingNews> all)
    {
        foreach (ref var news in CollectionsMarshal.AsSpan(all))
        {
            if (news.Entry?.Feed is not { } feed)
            {
                continue;
            }

            if (!news.IsItem)
            {
                feed.Progress?.Report(news.Fraction, news.Message);
                continue;
            }

            switch (feed.Items!.Add(endpoint, news))
            {
                case ItemVerdict.Taken:
                    break;
                case ItemVerdict.TooLong:
                    feed.Items.TooLong?.Invoke();
                    break;
                case ItemVerdict.TooMany:
                    Accuse(endpoint, $"it sent more items of task {news.Entry.Task} than it was told there is room for");
                    return;
                case ItemVerdict.Torn:
                    Accuse(endpoint, $"it sent parts of an item of task {news.Entry.Task} that do not make one");
                    return;
                default:
                    throw new InvalidOperationException("no such verdict");
            }
        }
    }

    private void Accuse(EndpointState endpoint, string reason)
    {
        ((IEndpointConnection)endpoint.Connection!).Abort(reason);
        Log.SessionAborted(logger, endpoint.Worker.Id, reason);
    }
}
