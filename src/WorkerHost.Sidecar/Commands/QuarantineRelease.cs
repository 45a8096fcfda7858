using System.CommandLine;
using WorkerHost.V1;

namespace WorkerHost.Sidecar.Commands;

/// <summary><c>workerhost quarantine release</c>.</summary>
internal sealed class QuarantineRelease : HostCommand, IHasExamples
{
    private readonly Argument<string> pool = CommonArguments.Pool("Which of the host's pools.");
    private readonly Argument<string> id = new("ID") { Description = "The task's id, as list shows it." };

    public QuarantineRelease(Surroundings around)
        : base("release", "Lets a task be submitted again.", around)
    {
        Add(pool);
        Add(id);
        AddCommonOptions();
    }

    public IEnumerable<string> Examples => ["workerhost quarantine release images cat-7"];

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var request = new ReleaseQuarantinedRequest { Pool = parsed.GetValue(pool), Id = parsed.GetValue(id) };
        var answer = await AskAsync(parsed, (host, headers, token) => host.ReleaseQuarantinedAsync(request, headers, cancellationToken: token), cancellationToken).ConfigureAwait(false);
        return await ToldAsync(parsed, answer, $"{request.Id} may be submitted to {answer.Pool} again").ConfigureAwait(false);
    }
}
