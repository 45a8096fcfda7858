using System.CommandLine;
using WorkerHost.V1;

namespace WorkerHost.Sidecar.Commands;

/// <summary><c>workerhost restart</c>: other processes for all workers of a pool.</summary>
internal sealed class Restart : HostCommand, IHasExamples
{
    private readonly Argument<string> pool = CommonArguments.PoolIfSeveral();
    private readonly Option<bool> rolling = new("--rolling") { Description = "One after the other, each when its replacement is ready: no call fails. This is what happens anyway." };
    private readonly Option<bool> atOnce = new("--at-once") { Description = "All at the same time, each when it has finished what it runs." };
    private readonly Option<bool> noWait = CommonArguments.NoWait();

    public Restart(Surroundings around)
        : base("restart", "Replaces every worker of a pool.", around)
    {
        Add(pool);
        Add(rolling);
        Add(atOnce);
        Add(noWait);
        AddCommonOptions();
        Validators.Add(result =>
        {
            if (result.GetValue(rolling) && result.GetValue(atOnce))
            {
                result.AddError("a restart is either --rolling or --at-once");
            }
        });
    }

    public IEnumerable<string> Examples => ["workerhost restart images", "workerhost restart images --at-once --no-wait"];

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var request = new RestartRequest { Pool = parsed.GetValue(pool), AllAtOnce = parsed.GetValue(atOnce), Wait = !parsed.GetValue(noWait) };
        var answer = await AskAsync(parsed, (host, headers, token) => host.RestartAsync(request, headers, cancellationToken: token), cancellationToken).ConfigureAwait(false);
        return await ToldAsync(parsed, answer, request.Wait ? $"every worker of {answer.Pool} was replaced" : $"the workers of {answer.Pool} are being replaced").ConfigureAwait(false);
    }
}
