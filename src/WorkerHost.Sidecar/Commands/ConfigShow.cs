using System.CommandLine;
using WorkerHost.Sidecar.Configuration;

namespace WorkerHost.Sidecar.Commands;

/// <summary><c>workerhost config show</c>: the settings that count, and where each comes from.</summary>
internal sealed class ConfigShow : Command, IHasExamples
{
    private readonly Option<bool> all = new("--all", "-a") { Description = "Also the settings that nobody has set, with their defaults." };
    private readonly ConfigurationOptions options = new();
    private readonly OutputOption output = new();
    private readonly Surroundings around;

    public ConfigShow(Surroundings around)
        : base("show", "Shows the settings that count, and where each comes from. Values of workers' environment variables are not shown.")
    {
        this.around = around;
        Add(all);
        options.AddTo(this);
        output.AddTo(this);
        SetAction((parsed, token) => Guard.RunAsync(around, _ => RunAsync(parsed), token));
    }

    public IEnumerable<string> Examples => ["workerhost config show", "workerhost config show --all --output json"];

    private async Task<int> RunAsync(ParseResult parsed)
    {
        var read = HostConfiguration.Read(options.Of(parsed));
        if (!read.IsValid)
        {
            await ConfigurationReport.TellErrorsAsync(read, around.Error).ConfigureAwait(false);
            return ExitCode.Configuration;
        }

        var settings = EffectiveSetting.Of(read.Settings).Where(setting => parsed.GetValue(all) || read.SourceOf(setting.Path).Origin != SettingOrigin.Default);
        if (output.IsJson(parsed))
        {
            await around.Text.WriteLineAsync(ConfigurationReport.Json(read, settings)).ConfigureAwait(false);
            return ExitCode.Done;
        }

        var table = new TextTable("SETTING", "VALUE", "FROM");
        foreach (var setting in settings)
        {
            table.Add(setting.Path, ConfigurationReport.Text(setting), read.SourceOf(setting.Path).ToString());
        }

        table.Write(around);
        return ExitCode.Done;
    }
}
