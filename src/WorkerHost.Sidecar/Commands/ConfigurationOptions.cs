using System.CommandLine;
using WorkerHost.Sidecar.Configuration;

namespace WorkerHost.Sidecar.Commands;

/// <summary>The options that say where a configuration comes from, for each command that reads one.</summary>
internal sealed class ConfigurationOptions
{
    private readonly Option<string?> file = new("--config", "-c")
    {
        Description = $"The configuration file. Default: the file that {ConfigurationFile.Variable} names, else ./{ConfigurationFile.Name}, workerhost/{ConfigurationFile.Name} in ~/.config ($XDG_CONFIG_HOME), /etc/workerhost/{ConfigurationFile.Name}.",
        HelpName = "FILE",
    };

    private readonly Option<string[]> set = new("--set", "-s")
    {
        Description = $"One setting, which wins over the file and the environment ({SettingOverrides.Prefix}…); as often as needed: --set pools:images:workers=8.",
        HelpName = "PATH=VALUE",
    };

    public void AddTo(Command command)
    {
        command.Add(file);
        command.Add(set);
    }

    /// <summary>Where the command line says that the configuration is; read it with <see cref="HostConfiguration.Read"/>, again at each reload.</summary>
    public SettingInput Of(ParseResult parsed) => SettingInput.Create(parsed.GetValue(file), parsed.GetValue(set) ?? []);
}
