using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace WorkerHost.Client;

/// <summary>
/// For an endpoint without sessions: a unary call per task. Nothing is prefetched, nothing is proven: what was under
/// way when such an endpoint was lost may have run. A cancelled call is reset, and gRPC tells nobody whether its handler
/// heeds that. Where a supervisor can kill the worker the task therefore stays in flight until the death is observed;
/// at a bare address the end of the call has to do.
/// </summary>
internal sealed class UnaryConnection : IEndpointConnection
{
    private readonly EndpointChannel channel;
    private readonly V1.TaskEndpoint.TaskEndpointClient client;
    private readonly DispatchLoop loop;
    private readonly string pool;
    private readonly string idPrefix;
    private readonly CancellationTokenSource abort = new();
    private readonly Dictionary<ulong, (CancellationTokenSource Cancel, long Deadline, StreamRoom? Room)> calls = [];
    private readonly Lock callsLock = new();
    private readonly TaskCompletionSource allEnded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int pumping;
    private string? lost;
    private bool ended;

    public UnaryConnection(WorkerEndpoint worker, string pool, string idPrefix, int concurrency, bool supervised, DispatchLoop loop, TransportOptions options)
    {
        channel = new EndpointChannel(worker, options.MaxMessageBytes, drainSafe: false, options.WrapSocket);
        client = new V1.TaskEndpoint.TaskEndpointClient(channel.Invoker);
        this.loop = loop;
        this.pool = supervised ? pool : worker.HostPool ?? "";
        this.idPrefix = idPrefix;
        State = new EndpointState(worker, 0, concurrency, supervised, prefetches: false) { Connection = this };
    }

    public EndpointState State { get; }

    public Task Ended => allEnded.Task;

    public void Pump(bool hurry)
    {
        lock (callsLock)
        {
            if (ended)
            {
                // What was not taken is judged as never started.
                return;
            }

            // What is taken now is a call before the end can be reported.
            pumping++;
        }

        try
        {
            PumpAll();
        }
        finally
        {
            lock (callsLock)
            {
                pumping--;
            }

            EndIfLast();
        }
    }

    public void Abort(string reason)
    {
        End(reason);
        abort.Cancel();
    }

    public void HalfClose() => End("the pool is closing");

    /// <summary>Calls under way read what had arrived; where none is, nothing on the wire would tell of the death.</summary>
    public void WorkerDied() => End("the worker is dead");

    public async ValueTask DisposeAsync()
    {
        Abort("the pool is closing");
        await allEnded.Task.ConfigureAwait(false);
        channel.Dispose();
    }

    private void PumpAll()
    {
        var frame = new FrameContent();
        while (loop.TakeFrame(State, int.MaxValue, frame, out var now))
        {
            foreach (var entry in frame.Tasks)
            {
                // Ends by itself; the end of the last one is awaited at disposal through allEnded.
                _ = RunAsync(entry.Sequence, entry.Deadline, Request(entry, now), entry.Feed is { } feed ? new EventCall(State, loop, entry.Sequence, feed.Items) : null);
            }

            foreach (var grant in frame.Grants)
            {
                lock (callsLock)
                {
                    if (calls.TryGetValue(grant.Sequence, out var call))
                    {
                        call.Room?.Give(grant.Items, grant.Bytes);
                    }
                }
            }

            foreach (var sequence in frame.Cancels)
            {
                lock (callsLock)
                {
                    // A supervised worker was told the time limit with the task: its answer, unlike a reset call, shows that it heeds it.
                    if (!calls.TryGetValue(sequence, out var call))
                    {
                        continue;
                    }

                    // Nobody takes its items any more, and behind them stands its end.
                    call.Room?.Give(int.MaxValue, int.MaxValue);
                    if (!(State.Supervised && call.Deadline <= now))
                    {
                        // Not under the lock in effect: gRPC's own callbacks are asynchronous.
                        _ = call.Cancel.CancelAsync();
                    }
                }
            }

            frame.Clear();
        }
    }

    private V1.RunRequest Request(TaskEntry entry, long now)
    {
        var request = new V1.RunRequest
        {
            Id = entry.IdWith(idPrefix),
            Task = entry.Task,
            Payload = new V1.Payload { ContentType = entry.ContentType, Data = UnsafeByteOperations.UnsafeWrap(entry.Data) },
            Priority = (int)entry.Options.Priority,
            Idempotent = entry.Options.Idempotent,
            AffinityKey = entry.Options.AffinityKey ?? "",
            Attempt = (uint)entry.Attempt,
            MaxAttempts = (uint)entry.MaxAttempts,
            Pool = pool,
        };
        if (loop.TimeLeft(entry, now) is { } left)
        {
            request.TimeLimit = Duration.FromTimeSpan(left);
        }

        entry.CopyHeaders(request.Headers);
        return request;
    }

    private async Task RunAsync(ulong sequence, long deadline, V1.RunRequest request, EventCall? events)
    {
        var source = CancellationTokenSource.CreateLinkedTokenSource(abort.Token);
        bool refused;
        lock (callsLock)
        {
            refused = lost is not null;
            calls.Add(sequence, (source, deadline, events?.Room));
        }

        try
        {
            if (refused)
            {
                loop.Received(State, sequence, AttemptOutcome.Failed(Leaving));
                return;
            }

            var options = new CallOptions(channel.Headers(), cancellationToken: source.Token);
            var response = events is null ? null : await events.RunAsync(client, request, options).ConfigureAwait(false);
            if (response is null && events is { Room: not null })
            {
                loop.Received(State, sequence, AttemptOutcome.Failed(SessionConnection.NoStreams(State, request.Task)));
                return;
            }

            response ??= await client.RunAsync(request, options).ConfigureAwait(false);
            var contentType = response.Result?.ContentType is { Length: > 0 } type ? type : ContentType.Json;
            loop.Received(State, sequence, AttemptOutcome.Success(response.Result?.Data.Memory ?? default, contentType, response.Answer));
        }
        catch (RpcException e)
        {
            var sent = WireFailure.Sent(e, State.Worker.Id);
            if (!abort.IsCancellationRequested && (sent ?? WireFailure.FromStatus(e, State.Worker.Id, source.IsCancellationRequested)) is { } failure)
            {
                var resetByUs = source.IsCancellationRequested && sent is null && e.StatusCode == StatusCode.Cancelled;
                if (!(resetByUs && State.Supervised))
                {
                    loop.Received(State, sequence, AttemptOutcome.Failed(failure));
                }
            }
            else
            {
                // The connection, not the task: judged like the end of a session, once the other calls have ended.
                End($"{e.StatusCode}: {e.Status.Detail}");
            }
        }
        catch (Exception e)
        {
            End(e.Message);
        }
        finally
        {
            lock (callsLock)
            {
                calls.Remove(sequence);
            }

            source.Dispose();
            EndIfLast();
        }
    }

    private static TaskFailure Leaving { get; } = new()
    {
        Kind = TaskFailureKind.Rejected,
        NeverStarted = true,
        Message = "the connection was lost before the call was made",
    };

    private void End(string reason)
    {
        // First nothing more is sent here, then nothing more is called.
        loop.Draining(State);
        lock (callsLock)
        {
            lost ??= reason;
        }

        EndIfLast();
    }

    private void EndIfLast()
    {
        lock (callsLock)
        {
            if (lost is null || calls.Count > 0 || pumping > 0 || ended)
            {
                return;
            }

            ended = true;
        }

        loop.SessionEnded(State, lost);
        allEnded.TrySetResult();
    }
}
