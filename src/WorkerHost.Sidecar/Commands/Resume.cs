using System.CommandLine;
using WorkerHost.V1;

namespace WorkerHost.Sidecar.Commands;

/// <summary><c>workerhost resume</c>: the end of a pause.</summary>
internal sealed class Resume : HostCommand, IHasExamples
{
    private readonly Argument<string> pool = CommonArguments.PoolIfSeveral();

    public Resume(Surroundings around)
        : base("resume", "Lets a paused pool begin tasks again.", around)
    {
        Add(pool);
        AddCommonOptions();
    }

    public IEnumerable<string> Examples => ["workerhost resume images"];

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var request = new ResumePoolRequest { Pool = parsed.GetValue(pool) };
        var answer = await AskAsync(parsed, (host, headers, token) => host.ResumePoolAsync(request, headers, cancellationToken: token), cancellationToken).ConfigureAwait(false);
        return await ToldAsync(parsed, answer, answer.WasPaused ? $"{answer.Pool} begins tasks again" : $"{answer.Pool} was not paused").ConfigureAwait(false);
    }
}
