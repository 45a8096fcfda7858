using System.CommandLine;
using WorkerHost.Sidecar.Configuration;

namespace WorkerHost.Sidecar.Commands;

/// <summary><c>config check</c>, <c>config show</c> and <c>config schema</c>: what a host would be told, without one.</summary>
internal static class ConfigCommand
{
    private const string Json = "json";
    private const string SchemaResource = "workerhost.schema.json";

    public static Command Create() => new("config", "Looks at a configuration without starting anything.") { Check(), Show(), Schema() };

    private static Command Check()
    {
        var options = new ConfigurationOptions();
        var output = OutputOption();
        var command = new Command("check", $"Says everything that is wrong with the configuration. Exit code {ExitCode.Done}: nothing; {ExitCode.Configuration}: something.") { output };
        options.AddTo(command);
        command.SetAction(parsed =>
        {
            var read = HostConfiguration.Read(options.Of(parsed));
            var to = parsed.InvocationConfiguration;
            if (parsed.GetValue(output) == Json)
            {
                to.Output.WriteLine(ConfigurationReport.Json(read));
            }
            else if (read.IsValid)
            {
                to.Output.WriteLine($"{read.File ?? "no file"}: nothing wrong; {(read.Settings.Pools is [var only] ? $"pool {only.Name}" : $"pools {string.Join(", ", read.Settings.Pools.Select(static p => p.Name))}")}");
            }
            else
            {
                ConfigurationReport.Errors(read, to.Error);
            }

            return read.IsValid ? ExitCode.Done : ExitCode.Configuration;
        });
        return command;
    }

    private static Command Show()
    {
        var options = new ConfigurationOptions();
        var output = OutputOption();
        var all = new Option<bool>("--all", "-a") { Description = "Also the settings that nobody has set, with their defaults." };
        var command = new Command("show", "Shows the settings that count, and where each comes from. Values of environment variables are not shown.") { all, output };
        options.AddTo(command);
        command.SetAction(parsed =>
        {
            var read = HostConfiguration.Read(options.Of(parsed));
            var to = parsed.InvocationConfiguration;
            if (!read.IsValid)
            {
                ConfigurationReport.Errors(read, to.Error);
                return ExitCode.Configuration;
            }

            var settings = EffectiveSetting.Of(read.Settings).Where(setting => parsed.GetValue(all) || read.SourceOf(setting.Path).Origin != SettingOrigin.Default);
            if (parsed.GetValue(output) == Json)
            {
                to.Output.WriteLine(ConfigurationReport.Json(read, settings));
            }
            else
            {
                ConfigurationReport.Table(read, settings, to.Output);
            }

            return ExitCode.Done;
        });
        return command;
    }

    private static Command Schema()
    {
        var command = new Command("schema", $"Writes the JSON schema of {ConfigurationFile.Name}, for editors: \"$schema\": \"./workerhost.schema.json\".");
        command.SetAction(static parsed =>
        {
            using var schema = new StreamReader(typeof(ConfigCommand).Assembly.GetManifestResourceStream(SchemaResource)!);
            parsed.InvocationConfiguration.Output.Write(schema.ReadToEnd());
            return ExitCode.Done;
        });
        return command;
    }

    private static Option<string> OutputOption()
    {
        var option = new Option<string>("--output", "-o") { Description = "text: for people. json: everything, for programs.", HelpName = "text|json", DefaultValueFactory = static _ => "text" };
        option.AcceptOnlyFromAmong("text", Json);
        return option;
    }
}
