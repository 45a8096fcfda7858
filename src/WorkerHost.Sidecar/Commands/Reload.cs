using System.CommandLine;
using WorkerHost.V1;

namespace WorkerHost.Sidecar.Commands;

/// <summary><c>workerhost reload</c>: the configuration again, as with SIGHUP.</summary>
internal sealed class Reload : HostCommand, IHasExamples
{
    public Reload(Surroundings around)
        : base("reload", "Lets the host read its configuration again and apply what has changed.", around) => AddCommonOptions();

    public IEnumerable<string> Examples => ["workerhost config check && workerhost reload"];

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var answer = await AskAsync(
            parsed, static (host, headers, token) => host.ReloadConfigurationAsync(new ReloadConfigurationRequest(), headers, cancellationToken: token), cancellationToken).ConfigureAwait(false);
        var lines = new List<string>();
        Say("added", answer.Added);
        Say("removed", answer.Removed);
        Say("replaced", answer.Replaced);
        Say("unchanged", answer.Unchanged);
        Say("changed", answer.Applied);
        Say("changed, and counts after a restart of the host", answer.NeedsRestart);
        lines.AddRange(answer.Failed);
        var code = await ToldAsync(parsed, answer, string.Join('\n', lines)).ConfigureAwait(false);
        return answer.Failed.Count > 0 ? ExitCode.Failed : code;

        void Say(string what, IReadOnlyCollection<string> names)
        {
            if (names.Count > 0)
            {
                lines.Add($"{what}: {string.Join(", ", names)}");
            }
        }
    }
}
