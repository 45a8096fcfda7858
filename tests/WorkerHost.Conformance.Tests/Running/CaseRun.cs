using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace WorkerHost.Conformance.Tests;

/// <summary>Runs one case over pools of .NET, be they clients of a host or over workers of their own.</summary>
/// <param name="pool">The one that steps without a client's name mean.</param>
/// <param name="directory">The case's own.</param>
internal sealed class CaseRun(WorkerPool pool, string directory) : IAsyncDisposable
{
    private readonly Values values = new(directory);
    private readonly Dictionary<string, Task<Ending>> endings = [];
    private readonly Dictionary<string, TaskFuture> futures = [];
    private readonly Dictionary<string, Reports> reports = [];
    private readonly Dictionary<string, WorkerPool> clients = new() { ["host"] = pool };
    private readonly Dictionary<string, (Task Answer, CancellationTokenSource Stop)> calls = [];
    private (RawWorker Worker, bool IsOwn)? raw;

    /// <summary>Connects to a target of that name. Client cases only.</summary>
    public Func<string, Task<WorkerPool>>? Connect { get; init; }

    /// <summary>A worker that no supervisor sees. Worker cases only.</summary>
    public Func<LaunchStep, Task<RawWorker>>? Launch { get; init; }

    public async Task RunAsync(Case one)
    {
        for (var i = 0; i < one.Steps.Count; i++)
        {
            var step = one.Steps[i].What;
            try
            {
                await RunAsync(step, isStream: one.Steps[i].Stream is not null, asks: one.Steps[i]);
            }
            catch (Exception e) when (e is not OperationCanceledException || !TestContext.Current.CancellationToken.IsCancellationRequested)
            {
                throw new CaseFailure($"step {i + 1} of {one.Steps.Count}, {JsonSerializer.Serialize(step, step.GetType(), CaseFile.Strict)}: {e.Message}", e);
            }
        }
    }

    /// <summary>Leaves no task and no client behind.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var future in futures.Values)
        {
            future.Cancel();
            await future.Settled.WaitAsync(Eventually.Patience);
        }

        foreach (var (name, client) in clients)
        {
            if (name != "host")
            {
                await client.DisposeAsync();
            }
        }

        foreach (var (_, stop) in calls.Values)
        {
            await stop.CancelAsync();
        }

        if (raw is { IsOwn: true, Worker: var own })
        {
            own.Dispose();
        }
    }

    private async Task RunAsync(object step, bool isStream, CaseStep asks)
    {
        switch (step)
        {
            case SubmitStep submit:
                Begin(submit.As, isStream ? StreamAsync(submit) : SubmitAsync(submit));
                break;
            case ManyStep many:
                await ManyAsync(many);
                break;
            case OfStep of when asks.Answered is not null:
                await calls[of.Of].Answer.WaitAsync(Eventually.Patience);
                break;
            case OfStep of when calls.TryGetValue(of.Of, out var call):
                await call.Stop.CancelAsync();
                break;
            case OfStep of:
                futures[of.Of].Cancel();
                break;
            case LinesStep lines when asks.WaitLines is not null:
                await Eventually.IsTrue(() => RunsFiles.Lines(values.Text(lines.Path)) >= lines.Count, $"{lines.Count} lines");
                break;
            case LinesStep lines:
                Require(RunsFiles.Lines(values.Text(lines.Path)) is var there && there == lines.Count, $"{there} lines are there");
                break;
            case KillStep kill:
                RunsFiles.Signal(RunsFiles.Pid(values.Text(kill.Path)), kill.Signal);
                break;
            case GoneStep gone:
                await GoneAsync(gone);
                break;
            case ExpectStep expect:
                await ExpectAsync(expect);
                break;
            case ConnectStep connect:
                Begin(connect.As, ConnectAsync(connect));
                await ((Task)endings[connect.As]).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                break;
            case CloseStep close:
                Begin(close.As, CloseAsync(clients[close.Client]));
                break;
            case ReplaceStep replace:
                Begin(replace.As, ReplaceAsync());
                break;
            case LaunchStep launch:
                raw = (await Launch!(launch), !launch.IsShared);
                break;
            default:
                await RawAsync(step, asks);
                break;
        }
    }

    private Task RawAsync(object step, CaseStep asks)
    {
        var worker = raw?.Worker ?? throw new InvalidDataException("no worker was launched");
        return step switch
        {
            HealthStep health => worker.HealthAsync(health, watch: asks.Watch is not null),
            CallStep call => CallAsync(worker, call),
            SessionStep session => worker.SessionAsync(session, values),
            CloseStdinStep close => worker.CloseStdinAsync(close),
            ExitedStep exited => worker.ExitedAsync(exited),
            _ => throw new InvalidDataException($"a step that the runner does not know: {step}"),
        };
    }

    private async Task CallAsync(RawWorker worker, CallStep step)
    {
        var stop = new CancellationTokenSource();
        var answer = worker.CallAsync(step, values, stop.Token);
        if (step.As is null)
        {
            await answer;
            return;
        }

        calls.Add(step.As, (answer, stop));
        _ = answer.ContinueWith(static t => _ = t.Exception, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    private void Begin(string name, Task<Ending> ending)
    {
        Require(endings.TryAdd(name, ending), $"two things of one case are called {name}");
        _ = ending.ContinueWith(static t => _ = t.Exception, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    private Task<Ending> SubmitAsync(SubmitStep step) => Ending.OfAsync(async () =>
    {
        var client = clients[step.Client];
        if (step.Bytes is { } bytes)
        {
            var future = client.SubmitBytes(step.Task, values.Bytes(bytes), OptionsOf(step));
            futures[step.As] = future;
            return new Ending(Outcome.Succeeded) { Bytes = await future };
        }
        else
        {
            var future = client.Submit<JsonElement>(step.Task, ArgumentsOf(step), OptionsOf(step));
            futures[step.As] = future;
            return new Ending(Outcome.Succeeded) { Result = Ending.NodeOf(await future) };
        }
    });

    private async Task<Ending> StreamAsync(SubmitStep step)
    {
        var items = new JsonArray();
        var ending = await Ending.OfAsync(async () =>
        {
            var stream = clients[step.Client].Stream<JsonElement>(step.Task, ArgumentsOf(step), OptionsOf(step));
            futures[step.As] = stream;
            await foreach (var item in stream)
            {
                items.Add(Ending.NodeOf(item));
                if (items.Count == step.Take)
                {
                    return new Ending(Outcome.Left);
                }
            }

            return new Ending(Outcome.Succeeded);
        });
        return ending with { Items = items };
    }

    private async Task ManyAsync(ManyStep many)
    {
        var all = Enumerable.Range(0, many.Count).Select(i => clients[many.Client].Submit<int>("add", [i, 1])).ToList();
        for (var i = 0; i < many.Count; i++)
        {
            var sum = await all[i].Task.WaitAsync(TimeSpan.FromMilliseconds(ExpectStep.PatienceMs));
            Require(sum == i + 1, $"{i} and 1 are {sum}");
        }
    }

    private async Task GoneAsync(GoneStep gone)
    {
        var pid = RunsFiles.Pid(values.Text(gone.Path));
        var watch = Stopwatch.StartNew();
        while (RunsFiles.IsAlive(pid))
        {
            Require(watch.ElapsedMilliseconds < gone.WithinMs, $"process {pid} is still there");
            await Task.Delay(5);
        }
    }

    private async Task<Ending> ConnectAsync(ConnectStep step)
    {
        try
        {
            clients[step.As] = await Connect!(step.To);
            return new Ending(Outcome.Connected);
        }
        catch (IOException e)
        {
            // .NET tells these apart by their words.
            var outcome = e.Message.Contains("protocol version", StringComparison.Ordinal) ? Outcome.VersionMismatch
                : e.Message.Contains("Unauthenticated", StringComparison.Ordinal) || e.Message.Contains("no pool", StringComparison.Ordinal) ? Outcome.Refused
                : Outcome.HostUnavailable;
            return new Ending(outcome) { Message = e.Message };
        }
    }

    private static async Task<Ending> CloseAsync(WorkerPool client)
    {
        await client.DisposeAsync();
        return new Ending(Outcome.Closed);
    }

    private async Task<Ending> ReplaceAsync()
    {
        await pool.Supervisor.RestartAsync();
        return new Ending(Outcome.Replaced);
    }

    private async Task ExpectAsync(ExpectStep expect)
    {
        var patience = TimeSpan.FromMilliseconds(expect.WithinMs);
        Ending ending;
        try
        {
            ending = await endings[expect.Of].WaitAsync(patience);
        }
        catch (TimeoutException)
        {
            throw new InvalidDataException($"it has not ended within {expect.WithinMs} ms");
        }

        Expected.Check(expect, ending, values);
        if (expect.Progress is { } progress)
        {
            var (fraction, message) = (progress.Last[0]!.GetValue<double>(), progress.Last[1]!.GetValue<string>());
            var all = await reports[expect.Of].UntilAsync(fraction, message, TimeSpan.FromMilliseconds(ExpectStep.PatienceMs));
            Require(all.Zip(all.Skip(1)).All(static pair => pair.First.Fraction <= pair.Second.Fraction), $"the fractions fall: {string.Join(", ", all.Select(static p => p.Fraction))}");
        }
    }

    private object?[]? ArgumentsOf(SubmitStep step) => step.Arguments is { } arguments ? [.. ((JsonArray)values.Resolve(arguments)!).Select(static a => a?.DeepClone())] : null;

    private TaskOptions OptionsOf(SubmitStep step) => new()
    {
        Id = step.Options.Id is { } id ? values.Text(id) : null,
        TimeLimit = step.Options.TimeLimitMs is { } ms ? TimeSpan.FromMilliseconds(ms) : null,
        Idempotent = step.Options.Idempotent,
        Attempts = step.Options.Attempts,
        Priority = (TaskPriority)step.Options.Priority,
        AffinityKey = step.Options.AffinityKey,
        Headers = step.Options.Headers,
        Progress = step.Progress ? reports[step.As] = new Reports() : null,
    };

    private static void Require(bool condition, string otherwise)
    {
        if (!condition)
        {
            throw new InvalidDataException(otherwise);
        }
    }
}

/// <summary>Which step of a case did not go as it says, and what came.</summary>
public sealed class CaseFailure(string message, Exception cause) : Exception(message, cause);
