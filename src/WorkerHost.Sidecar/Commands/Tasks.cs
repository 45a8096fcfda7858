using System.CommandLine;
using Grpc.Core;
using WorkerHost.V1;

namespace WorkerHost.Sidecar.Commands;

/// <summary><c>workerhost tasks</c>: what can be submitted.</summary>
internal sealed class Tasks : HostCommand, IHasExamples
{
    private readonly Argument<string> pool = CommonArguments.PoolIfSeveral();

    public Tasks(Surroundings around)
        : base("tasks", "Lists the tasks that a pool can run.", around)
    {
        Add(pool);
        AddCommonOptions();
    }

    public IEnumerable<string> Examples => ["workerhost tasks images"];

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        using var host = HostConnection.Data(Location(parsed));
        DescribeResponse answer;
        try
        {
            answer = await host.Tasks().DescribeAsync(new DescribeRequest { Pool = parsed.GetValue(pool) }, host.Headers, cancellationToken: cancellationToken).ConfigureAwait(false);
        }
        catch (RpcException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw host.Refused(e);
        }

        if (AsJson(parsed))
        {
            return await ToldAsync(parsed, answer, "").ConfigureAwait(false);
        }

        var table = new TextTable("TASK", "TAKES", "NOTE");
        foreach (var task in answer.Tasks.OrderBy(static t => t.Name, StringComparer.Ordinal))
        {
            table.Add(task.Name, string.Join(", ", task.ContentTypes), task.YieldsItems ? "yields items" : "");
        }

        table.Write(Around);
        return ExitCode.Done;
    }
}
