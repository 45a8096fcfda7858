using System.CommandLine;
using Grpc.Core;
using WorkerHost.V1;

namespace WorkerHost.Sidecar.Commands;

/// <summary><c>workerhost wait</c>: until pools are ready, or have nothing to do; also for a host that is not there yet.</summary>
internal sealed class Wait : HostCommand, IHasExamples
{
    private static readonly TimeSpan Often = TimeSpan.FromMilliseconds(100);

    // However little time there is, it is looked once, and a host that is there can answer.
    private static readonly TimeSpan OneLook = TimeSpan.FromSeconds(2);

    private readonly Argument<string> pool = CommonArguments.PoolIfSeveral("Only for this pool.");
    private readonly Option<bool> ready = new("--ready") { Description = "Until enough workers of every pool take tasks. This is what is waited for anyway." };
    private readonly Option<bool> idle = new("--idle") { Description = "Until no task waits or runs." };
    private readonly Option<TimeSpan?> timeout = DurationOption.Create("--timeout", "For how long at most: 500ms, 30s, 5m. Default: 1m.");

    public Wait(Surroundings around)
        : base("wait", "Waits until the host and its pools are ready, or have nothing to do.", around)
    {
        Add(pool);
        Add(ready);
        Add(idle);
        Add(timeout);
        AddCommonOptions();
        Validators.Add(result =>
        {
            if (result.GetValue(ready) && result.GetValue(idle))
            {
                result.AddError("wait is either for --ready or for --idle");
            }
        });
    }

    public IEnumerable<string> Examples => ["workerhost wait --timeout 30s && workerhost submit images thumbnail '\"cat.jpg\"' 320", "workerhost wait images --idle"];

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var limit = parsed.GetValue(timeout) ?? TimeSpan.FromMinutes(1);
        var began = Around.Time.GetTimestamp();
        var status = new StatusLine(Around);
        try
        {
            while (true)
            {
                var left = limit - Around.Time.GetElapsedTime(began);
                var (answer, missing, code) = await LookAsync(parsed, left, cancellationToken).ConfigureAwait(false);
                if (missing is null)
                {
                    status.Clear();
                    return AsJson(parsed) ? await ToldAsync(parsed, answer!, "").ConfigureAwait(false) : ExitCode.Done;
                }

                if (Around.Time.GetElapsedTime(began) >= limit)
                {
                    throw new CommandException(code, $"not after {DurationText.Of(limit)}: {missing}");
                }

                status.Show($"waiting: {Printable.Text(missing.Split('\n')[0])}");
                await Task.Delay(Often, Around.Time, cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            status.Clear();
        }
    }

    /// <returns>What is still missing, and what it means if time is up; null: nothing.</returns>
    private async Task<(ListPoolsResponse? Answer, string? Missing, int Code)> LookAsync(ParseResult parsed, TimeSpan left, CancellationToken cancellationToken)
    {
        // A host that does not answer is one that is not ready, and no reason to wait much longer than was said.
        using var patience = new CancellationTokenSource(left > OneLook ? left : OneLook, Around.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        try
        {
            var answer = await AskAsync(
                parsed, static (host, headers, token) => host.ListPoolsAsync(new ListPoolsRequest(), headers, cancellationToken: token), either.Token).ConfigureAwait(false);
            return (answer, Missing(parsed, answer), ExitCode.TryAgain);
        }
        catch (CommandException e) when (e.ExitCode == ExitCode.Unreachable)
        {
            return (null, e.Message, ExitCode.Unreachable);
        }
        catch (Exception e) when (e is RpcException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            return (null, "the host does not answer", ExitCode.TryAgain);
        }
    }

    private string? Missing(ParseResult parsed, ListPoolsResponse answer)
    {
        var name = parsed.GetValue(pool)!;
        var pools = answer.Pools.Where(p => name.Length == 0 || p.Name == name).ToList();
        if (!parsed.GetValue(idle))
        {
            pools.RemoveAll(static p => p.Leaving);
        }

        if (pools.Count == 0 && name.Length > 0)
        {
            throw new CommandException(ExitCode.Usage, $"there is no pool \"{name}\" here; the pools are {string.Join(", ", answer.Pools.Select(static p => p.Name).Distinct())}");
        }

        return parsed.GetValue(idle)
            ? pools.FirstOrDefault(static p => p.Tasks is { Unsettled: > 0 }) is { } busy ? FormattableString.Invariant($"pool {busy.Name} has {busy.Tasks.Unsettled} tasks, of which {busy.Tasks.Queued} wait") : null
            : pools.FirstOrDefault(static p => !p.Ready) is { } notReady ? $"pool {notReady.Name}: {notReady.Reason}"
            : name.Length == 0 && !answer.Ready ? "the host is stopping"
            : null;
    }
}
