using System.Collections.Immutable;
using System.Threading.Channels;
using Grpc.Core;
using Microsoft.Extensions.Logging;

namespace WorkerHost.Client;

/// <summary>
/// Follows the source's worker sets: connects to who is new, marks who drains, tells the dispatcher of deaths and
/// whether waiting makes sense. Its loop belongs to the pool, which awaits it at disposal.
/// </summary>
internal sealed partial class EndpointConnector(
    IWorkerSource source, DispatchLoop loop, string pool, string idPrefix, TransportOptions transport, ILogger logger) : IAsyncDisposable
{
    /// <summary>A worker that is ready but cannot be reached so often in a row is of no use.</summary>
    private const int MaxTries = 5;

    private readonly CancellationTokenSource stop = new();
    private readonly Lock gate = new();
    private readonly HashSet<WorkerId> followed = [];

    /// <summary>Connecting has begun and the dispatcher does not know the endpoint yet: a death meanwhile is kept for it.</summary>
    private readonly Dictionary<WorkerId, WorkerDeath?> opening = [];
    private readonly List<Task> tasks = [];
    private readonly HashSet<IEndpointConnection> connections = [];
    private readonly TaskCompletionSource firstTry = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly HashSet<WorkerId> spares = [];
    private ImmutableArray<WorkerId> draining = [];
    private Task following = Task.CompletedTask;
    private int addresses;

    /// <summary>As the endpoint that was connected last says.</summary>
    public IReadOnlyList<V1.TaskDescription> Described { get; private set; } = [];

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
            all = [.. tasks];
        }

        await Task.WhenAll(all).ConfigureAwait(false);
        foreach (var connection in Connections())
        {
            await connection.DisposeAsync().ConfigureAwait(false);
        }

        loop.SourceEnded();
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

            loop.SourceEnded();
            firstTry.TrySetException(new IOException("the supervisor stopped before a worker could be used"));
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
            bool promoted;
            lock (gate)
            {
                promoted = spares.Remove(worker.Id);
            }

            if (promoted)
            {
                loop.Serves(worker.Id);
            }

            Follow(worker, isSpare: false);
        }

        foreach (var worker in set.Spares)
        {
            Follow(worker, isSpare: true);
        }

        lock (gate)
        {
            draining = set.Draining;
        }

        foreach (var worker in set.Draining)
        {
            loop.Draining(worker);
        }

        foreach (var death in set.Deaths)
        {
            lock (gate)
            {
                followed.Remove(death.Report.Worker);
                spares.Remove(death.Report.Worker);
                unreachable.Remove(death.Report.Worker);
                if (opening.ContainsKey(death.Report.Worker))
                {
                    opening[death.Report.Worker] = death;
                }
            }

            Died(death);
        }

        loop.OutlookChanged(set.Outlook);
    }

    private void Follow(WorkerEndpoint worker, bool isSpare)
    {
        lock (gate)
        {
            if (!followed.Add(worker.Id))
            {
                return;
            }

            if (isSpare)
            {
                spares.Add(worker.Id);
            }

            addresses++;
            opening[worker.Id] = null;
        }

        Own(ConnectAsync(worker));
    }

    private void Died(WorkerDeath death)
    {
        loop.WorkerDied(death);
        foreach (var connection in Connections().OfType<UnaryConnection>().Where(c => c.State.Worker.Id == death.Report.Worker))
        {
            connection.WorkerDied();
        }
    }

    /// <summary>Awaited at disposal.</summary>
    private void Own(Task task)
    {
        lock (gate)
        {
            tasks.RemoveAll(static t => t.IsCompletedSuccessfully);
            tasks.Add(task);
        }
    }

    private async Task ConnectAsync(WorkerEndpoint worker)
    {
        try
        {
            await ConnectUntilOpenAsync(worker).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            Log.LoopBroke(logger, e);
        }
        finally
        {
            lock (gate)
            {
                opening.Remove(worker.Id);
            }
        }
    }

    private async Task ConnectUntilOpenAsync(WorkerEndpoint worker)
    {
        var supervised = source.BackChannel is not null;
        var last = 0UL;
        for (var attempt = 1; !stop.IsCancellationRequested; attempt++)
        {
            var delay = DelayAfter(attempt, supervised);
            try
            {
                var connection = await OpenAsync(worker, last, supervised).ConfigureAwait(false);
                last = connection.State.SessionKey;
                var failedBefore = Adopt(connection);
                if (supervised)
                {
                    // Its end is the worker's end: the supervisor fills the slot with another incarnation.
                    return;
                }

                // The pool does not wait at its own end for one that an endpoint keeps open.
                var began = transport.Time.GetTimestamp();
                await connection.Ended.WaitAsync(stop.Token).ConfigureAwait(false);
                if (connection.State.FinishedAt != 0 || transport.Time.GetElapsedTime(began) >= transport.Patience)
                {
                    attempt = 0;
                    delay = DelayAfter(attempt, supervised);
                }
                else
                {
                    Unreachable(worker, $"it ended its session before anything was run: {connection.State.EndReason}", delay, failedBefore);
                }
            }
            catch (Exception e) when (e is RpcException or IOException or OperationCanceledException or HttpRequestException or ObjectDisposedException)
            {
                if (stop.IsCancellationRequested || !IsFollowed(worker))
                {
                    return;
                }

                var reason = ConnectException.ReasonOf(e);
                Log.CannotConnect(logger, worker.Id, worker.Address, attempt, reason);
                Unreachable(worker, reason, delay, before: null);
                if (supervised && attempt >= MaxTries)
                {
                    // Whoever waits for the pool's start would wait for ever: the next worker will hardly be another.
                    firstTry.TrySetException(new IOException($"worker {worker.Id} is ready, but no session can be opened with it: {reason}"));
                    source.BackChannel!.Reject(worker.Id, $"no session can be opened with it at {worker.Address}: {reason}");
                    return;
                }
            }

            try
            {
                await Task.Delay(delay, transport.Time, stop.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private async Task<IEndpointConnection> OpenAsync(WorkerEndpoint worker, ulong resumes, bool supervised)
    {
        try
        {
            return await SessionConnection.OpenAsync(worker, pool, idPrefix, resumes, supervised, loop, transport, stop.Token).ConfigureAwait(false);
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.Unimplemented)
        {
            return new UnaryConnection(worker, pool, idPrefix, worker.Concurrency, supervised, loop, transport);
        }
    }

    /// <returns>The tries before this one that failed; null: none has since its last connection.</returns>
    private FailedTries? Adopt(IEndpointConnection connection)
    {
        var worker = connection.State.Worker;
        FailedTries? failed;
        List<IEndpointConnection> judged;
        lock (gate)
        {
            judged = [.. connections.Where(static c => c.State.Judged)];
            connections.ExceptWith(judged);
            connections.Add(connection);
            unreachable.Remove(worker.Id, out failed);

            // Nobody else knows it yet: one that leaves already never opens.
            connection.State.Open = !draining.Contains(worker.Id);
            connection.State.Reserved = spares.Contains(worker.Id);
        }

        foreach (var old in judged)
        {
            Own(old.DisposeAsync().AsTask());
        }

        Log.Connected(logger, worker.Id, worker.Address, connection.State.Concurrency);
        loop.EndpointOpened(connection.State);
        if (connection is SessionConnection session)
        {
            Described = session.Tasks;
            session.Start();
        }

        // What the source said of the worker while the dispatcher did not know it yet.
        WorkerDeath? death;
        bool leaving;
        bool serves;
        lock (gate)
        {
            opening.Remove(worker.Id, out death);
            leaving = draining.Contains(worker.Id);
            serves = !spares.Contains(worker.Id);
        }

        if (serves)
        {
            loop.Serves(worker.Id);
        }

        if (leaving)
        {
            loop.Draining(worker.Id);
        }

        if (death is not null)
        {
            Died(death);
        }

        firstTry.TrySetResult();
        source.BackChannel?.Connected(worker.Id);
        if (source.BackChannel is null)
        {
            loop.OutlookChanged(WorkerOutlook.Hopeful);
        }

        return failed;
    }

    private bool IsFollowed(WorkerEndpoint worker)
    {
        lock (gate)
        {
            return followed.Contains(worker.Id);
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
