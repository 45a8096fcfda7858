using System.CommandLine;
using WorkerHost.V1;

namespace WorkerHost.Sidecar.Commands;

/// <summary><c>workerhost pause</c>: a pool that takes tasks and begins none.</summary>
internal sealed class Pause : HostCommand, IHasExamples
{
    private readonly Argument<string> pool = CommonArguments.PoolIfSeveral();

    public Pause(Surroundings around)
        : base("pause", "Lets a pool begin no more tasks; it still takes them.", around)
    {
        Add(pool);
        AddCommonOptions();
    }

    public IEnumerable<string> Examples => ["workerhost pause images"];

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var request = new PausePoolRequest { Pool = parsed.GetValue(pool) };
        var answer = await AskAsync(parsed, (host, headers, token) => host.PausePoolAsync(request, headers, cancellationToken: token), cancellationToken).ConfigureAwait(false);
        return await ToldAsync(parsed, answer, answer.WasPaused ? $"{answer.Pool} was paused already" : $"{answer.Pool} is paused").ConfigureAwait(false);
    }
}
