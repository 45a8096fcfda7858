using System.CommandLine;
using WorkerHost.Sidecar.Configuration;

namespace WorkerHost.Sidecar.Commands;

/// <summary><c>workerhost config check</c>: everything that is wrong with a configuration.</summary>
internal sealed class ConfigCheck : Command, IHasExamples
{
    private readonly ConfigurationOptions options = new();
    private readonly OutputOption output = new();
    private readonly Surroundings around;

    public ConfigCheck(Surroundings around)
        : base("check", $"Says everything that is wrong with the configuration. Exit code {ExitCode.Done}: nothing; {ExitCode.Configuration}: something.")
    {
        this.around = around;
        options.AddTo(this);
        output.AddTo(this);
        SetAction((parsed, token) => Guard.RunAsync(around, _ => RunAsync(parsed), token));
    }

    public IEnumerable<string> Examples => ["workerhost config check", "workerhost config check --config new.json && mv new.json workerhost.json && workerhost reload"];

    private async Task<int> RunAsync(ParseResult parsed)
    {
        var read = HostConfiguration.Read(options.Of(parsed));
        if (output.IsJson(parsed))
        {
            await around.Text.WriteLineAsync(ConfigurationReport.Json(read)).ConfigureAwait(false);
        }
        else if (read.IsValid)
        {
            await around.Text.WriteLineAsync($"{read.File ?? "no file"}: nothing wrong; {(read.Settings.Pools is [var only] ? $"pool {only.Name}" : $"pools {string.Join(", ", read.Settings.Pools.Select(static p => p.Name))}")}").ConfigureAwait(false);
        }
        else
        {
            await ConfigurationReport.TellErrorsAsync(read, around.Error).ConfigureAwait(false);
        }

        return read.IsValid ? ExitCode.Done : ExitCode.Configuration;
    }
}
