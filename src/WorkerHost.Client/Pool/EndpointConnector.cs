using System.Threading.Channels;
using Grpc.Core;
using Microsoft.Extensions.Logging;

namespace WorkerHost.Client;

/// <summary>
/// Follows the source's worker sets: connects to who is new, marks who drains, tells the dispatcher of deaths and
/// whether waiting makes sense. Its loop belongs to the pool, which awaits it at disposal.
/// </summary>
internal sealed class EndpointConnector(
    IWorkerSource source, DispatchLoop loop, string pool, string idPrefix, TransportOptions transport, TimeProvider time, ILogger logger) : IAsyncDisposable
{
    /// <summary>A worker that is ready but cannot be reached so often in a row is of no use.</summary>
    private const int MaxTries = 5;

    private readonly CancellationTokenSource stop = new();
    private readonly Lock gate = new();
    private readonly Dictionary<WorkerId, Task> followed = [];
    private readonly HashSet<IEndpointConnection> connections = [];
    private readonly TaskCompletionSource firstTry = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Dictionary<WorkerId, string> unreachable = [];
    private Task following = Task.CompletedTask;
    private int addresses;

    /// <summary>Ends when a first endpoint is usable; for bare addresses fails when none of them is.</summary>
    public Task FirstConnected => firstTry.Task;

    public void Start() => following = FollowAsync(source.Subscribe());

    /// <summary>Asks every endpoint to end in good order.</summary>
    public void HalfCloseAll()
    {
        foreach (var connection in Connections())
        {
            connection.HalfClose();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync().ConfigureAwait(false);
        await following.ConfigureAwait(false);
        Task[] all;
        lock (gate)
        {
            all = [.. followed.Values];
        }

        await Task.WhenAll(all).ConfigureAwait(false);
        foreach (var connection in Connections())
        {
            await connection.DisposeAsync().ConfigureAwait(false);
        }

        stop.Dispose();
    }

    private async Task FollowAsync(ChannelReader<WorkerSet> sets)
    {
        try
        {
            await foreach (var set in sets.ReadAllAsync(stop.Token).ConfigureAwait(false))
            {
                Apply(set);
            }
        }
        catch (OperationCanceledException)
        {
            // The pool is closing.
        }
        catch (Exception e)
        {
            Log.LoopBroke(logger, e);
        }
    }

    private void Apply(WorkerSet set)
    {
        foreach (var worker in set.Ready)
        {
            lock (gate)
            {
                if (!followed.ContainsKey(worker.Id))
                {
                    addresses++;
                    followed.Add(worker.Id, ConnectAsync(worker));
                }
            }
        }

        foreach (var worker in set.Draining)
        {
            loop.Draining(worker);
        }

        foreach (var death in set.Deaths)
        {
            loop.WorkerDied(death);
            lock (gate)
            {
                followed.Remove(death.Report.Worker);
            }
        }

        loop.OutlookChanged(set.Outlook);
    }

    private async Task ConnectAsync(WorkerEndpoint worker)
    {
        var supervised = source.BackChannel is not null;
        for (var attempt = 1; !stop.IsCancellationRequested; attempt++)
        {
            try
            {
                var connection = await OpenAsync(worker, supervised).ConfigureAwait(false);
                Adopt(connection);
                attempt = 0;
                if (supervised)
                {
                    // Its end is the worker's end: the supervisor fills the slot with another incarnation.
                    return;
                }

                await connection.Ended.ConfigureAwait(false);
            }
            catch (Exception e) when (e is RpcException or IOException or OperationCanceledException or HttpRequestException or ObjectDisposedException)
            {
                if (stop.IsCancellationRequested || !IsFollowed(worker))
                {
                    return;
                }

                var reason = e is RpcException rpc ? $"{rpc.StatusCode}: {rpc.Status.Detail}" : e.Message;
                Log.CannotConnect(logger, worker.Id, worker.Address, attempt, reason);
                Unreachable(worker, reason);
                if (supervised && attempt >= MaxTries)
                {
                    source.BackChannel!.Kill(worker.Id, $"its endpoint {worker.Address} cannot be reached: {reason}", TimeSpan.Zero);
                    return;
                }
            }

            try
            {
                await Task.Delay(TimeSpan.FromMilliseconds(Math.Min(5000, 50 * Math.Pow(2, Math.Min(attempt, 10)))), time, stop.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private async Task<IEndpointConnection> OpenAsync(WorkerEndpoint worker, bool supervised)
    {
        try
        {
            return await SessionConnection.OpenAsync(worker, pool, idPrefix, supervised, loop, transport, stop.Token).ConfigureAwait(false);
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.Unimplemented)
        {
            return new UnaryConnection(worker, pool, idPrefix, worker.Concurrency, supervised, loop, transport);
        }
    }

    private void Adopt(IEndpointConnection connection)
    {
        lock (gate)
        {
            connections.RemoveWhere(static c => c.State.Judged);
            connections.Add(connection);
            unreachable.Remove(connection.State.Worker.Id);
        }

        Log.Connected(logger, connection.State.Worker.Id, connection.State.Worker.Address, connection.State.Concurrency);
        loop.EndpointOpened(connection.State);
        (connection as SessionConnection)?.Start();
        firstTry.TrySetResult();
        if (source.BackChannel is null)
        {
            loop.OutlookChanged(WorkerOutlook.Hopeful);
        }
    }

    private void Unreachable(WorkerEndpoint worker, string reason)
    {
        lock (gate)
        {
            unreachable[worker.Id] = $"{worker.Address}: {reason}";
            if (source.BackChannel is not null || unreachable.Count < addresses)
            {
                return;
            }
        }

        // A supervisor speaks for its workers; for bare addresses nobody else does.
        var all = string.Join("; ", unreachable.Values);
        firstTry.TrySetException(new IOException($"no endpoint can be reached: {all}"));
        loop.OutlookChanged(new WorkerOutlook(Hopeless: true, LastDeath: null, NextTry: TimeSpan.FromSeconds(5)));
    }

    private bool IsFollowed(WorkerEndpoint worker)
    {
        lock (gate)
        {
            return followed.ContainsKey(worker.Id);
        }
    }

    private IEndpointConnection[] Connections()
    {
        lock (gate)
        {
            return [.. connections];
        }
    }
}
