using System.CommandLine;
using WorkerHost.V1;

namespace WorkerHost.Sidecar.Commands;

/// <summary><c>workerhost drain</c>: another process for one worker, once it has finished what it has.</summary>
internal sealed class Drain : HostCommand, IHasExamples
{
    private readonly Argument<string> worker = CommonArguments.Worker();
    private readonly Option<bool> noWait = CommonArguments.NoWait();

    public Drain(Surroundings around)
        : base("drain", "Replaces one worker when it has finished what it has.", around)
    {
        Add(worker);
        Add(noWait);
        AddCommonOptions();
    }

    public IEnumerable<string> Examples => ["workerhost drain images/0", "workerhost drain images/0#3 --no-wait"];

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var request = new DrainWorkerRequest { Worker = parsed.GetValue(worker), Wait = !parsed.GetValue(noWait) };
        var answer = await AskAsync(parsed, (host, headers, token) => host.DrainWorkerAsync(request, headers, cancellationToken: token), cancellationToken).ConfigureAwait(false);
        return await ToldAsync(parsed, answer, request.Wait ? $"{answer.Worker} has finished and is gone" : $"{answer.Worker} takes nothing new").ConfigureAwait(false);
    }
}
