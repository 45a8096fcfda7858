using System.CommandLine;
using Google.Protobuf.WellKnownTypes;
using WorkerHost.V1;

namespace WorkerHost.Sidecar.Commands;

/// <summary><c>workerhost kill</c>: the end of one worker, now.</summary>
internal sealed class Kill : HostCommand, IHasExamples
{
    private readonly Argument<string> worker = CommonArguments.Worker();
    private readonly Option<TimeSpan?> grace = DurationOption.Create("--grace", "From SIGTERM to SIGKILL: 0s, 500ms, 5s. Default: as its pool is configured.");
    private readonly Option<string?> reason = new("--reason") { Description = "For its death report.", HelpName = "TEXT" };
    private readonly Option<bool> noWait = CommonArguments.NoWait();

    public Kill(Surroundings around)
        : base("kill", "Ends one worker now; what it runs is lost with it.", around)
    {
        Add(worker);
        Add(grace);
        Add(reason);
        Add(noWait);
        AddCommonOptions();
    }

    public IEnumerable<string> Examples => ["workerhost kill images/0 --grace 0s --reason 'it answers nobody'"];

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var request = new KillWorkerRequest { Worker = parsed.GetValue(worker), Reason = parsed.GetValue(reason) ?? "", Wait = !parsed.GetValue(noWait) };
        if (parsed.GetValue(grace) is { } time)
        {
            request.Grace = Duration.FromTimeSpan(time);
        }

        var answer = await AskAsync(parsed, (host, headers, token) => host.KillWorkerAsync(request, headers, cancellationToken: token), cancellationToken).ConfigureAwait(false);
        if (AsJson(parsed))
        {
            return await ToldAsync(parsed, answer, "").ConfigureAwait(false);
        }

        await Around.Text.WriteLineAsync(request.Wait ? $"{answer.Worker} is gone" : $"{answer.Worker} is being killed").ConfigureAwait(false);
        if (answer.Death is { } death)
        {
            FailureText.Write(Around.Text, death);
        }

        return ExitCode.Done;
    }
}
