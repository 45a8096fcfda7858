using System.CommandLine;
using System.Globalization;
using Spectre.Console;
using WorkerHost.V1;

namespace WorkerHost.Sidecar.Commands;

/// <summary><c>workerhost pools</c>: every pool and how it is.</summary>
internal sealed class Pools : HostCommand, IHasExamples
{
    public Pools(Surroundings around)
        : base("pools", "Lists the pools and how they are.", around) => AddCommonOptions();

    public IEnumerable<string> Examples => ["workerhost pools", "workerhost pools --output json | jq '.pools[].tasks.queued'"];

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var answer = await AskAsync(
            parsed, static (host, headers, token) => host.ListPoolsAsync(new ListPoolsRequest(), headers, cancellationToken: token), cancellationToken).ConfigureAwait(false);
        if (AsJson(parsed))
        {
            return await ToldAsync(parsed, answer, "").ConfigureAwait(false);
        }

        var table = new TextTable("POOL", "STATE", "SERVE", "BUSY", "QUEUED", "DONE", "FAILED", "DEATHS", "NOTE");
        foreach (var pool in answer.Pools)
        {
            var (workers, tasks) = (pool.Workers ?? new WorkerCounts(), pool.Tasks ?? new TaskCounts());
            table.Add(
                pool.Name,
                pool.Leaving ? new("leaving", Color.Yellow) : pool.Paused ? new("paused", Color.Yellow) : pool.Ready ? new("ready", Color.Green) : new("not ready", Color.Red),
                string.Create(CultureInfo.InvariantCulture, $"{pool.Serving} of {pool.Wanted}"),
                Number(workers.Busy),
                Number(tasks.Queued),
                Number(tasks.Succeeded),
                Number(tasks.Failed),
                Number((ulong)workers.Deaths.Sum(static d => (long)d.Count)),
                pool.Ready ? "" : pool.Reason);
        }

        table.Write(Around);
        return ExitCode.Done;
    }

    private static string Number(ulong number) => number.ToString(CultureInfo.InvariantCulture);
}
