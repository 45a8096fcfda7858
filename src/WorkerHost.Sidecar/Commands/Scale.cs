using System.CommandLine;
using System.Globalization;
using WorkerHost.V1;

namespace WorkerHost.Sidecar.Commands;

/// <summary><c>workerhost scale</c>: another number of workers.</summary>
internal sealed class Scale : HostCommand, IHasExamples
{
    private readonly Argument<string> pool = CommonArguments.Pool("Which of the host's pools.");
    private readonly Argument<int> workers = CountOption.Argument(
        "N", "workers", 0, SupervisorOptionsCheck.MostWorkers, "How many workers it shall have, from 0 to 10000. Until the host starts again; for longer it stands in the configuration.");

    private readonly Option<bool> noWait = CommonArguments.NoWait();

    public Scale(Surroundings around)
        : base("scale", "Gives a pool another number of workers.", around)
    {
        Add(pool);
        Add(workers);
        Add(noWait);
        AddCommonOptions();
    }

    public IEnumerable<string> Examples => ["workerhost scale images 8"];

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var request = new ScaleRequest { Pool = parsed.GetValue(pool), Workers = (uint)parsed.GetValue(workers), Wait = !parsed.GetValue(noWait) };
        var answer = await AskAsync(parsed, (host, headers, token) => host.ScaleAsync(request, headers, cancellationToken: token), cancellationToken).ConfigureAwait(false);
        return await ToldAsync(parsed, answer, string.Create(
            CultureInfo.InvariantCulture,
            $"{answer.Pool} {(request.Wait ? "has" : "is to have")} {request.Workers} {(request.Workers == 1 ? "worker" : "workers")} now; before {answer.Before}")).ConfigureAwait(false);
    }
}
