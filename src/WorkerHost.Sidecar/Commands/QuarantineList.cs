using System.CommandLine;
using System.Globalization;
using WorkerHost.V1;

namespace WorkerHost.Sidecar.Commands;

/// <summary><c>workerhost quarantine list</c>.</summary>
internal sealed class QuarantineList : HostCommand, IHasExamples
{
    private readonly Argument<string> pool = CommonArguments.PoolIfSeveral("Only of this pool.");

    public QuarantineList(Surroundings around)
        : base("list", "Lists them, the oldest first.", around)
    {
        Add(pool);
        AddCommonOptions();
    }

    public IEnumerable<string> Examples => ["workerhost quarantine list", "workerhost quarantine list images --output json"];

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var request = new ListQuarantinedRequest { Pool = parsed.GetValue(pool) };
        var answer = await AskAsync(parsed, (host, headers, token) => host.ListQuarantinedAsync(request, headers, cancellationToken: token), cancellationToken).ConfigureAwait(false);
        if (AsJson(parsed))
        {
            return await ToldAsync(parsed, answer, "").ConfigureAwait(false);
        }

        var table = new TextTable("POOL", "TASK", "ID", "DEATHS", "LAST");
        foreach (var task in answer.Tasks)
        {
            var last = task.Deaths.LastOrDefault();
            table.Add(
                task.Pool,
                task.Task,
                task.Id,
                task.Deaths.Count.ToString(CultureInfo.InvariantCulture),
                last is null ? "" : DeathText.Of(last));
        }

        table.Write(Around);
        return ExitCode.Done;
    }
}
