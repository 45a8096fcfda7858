using System.CommandLine;
using WorkerHost.Sidecar.Configuration;

namespace WorkerHost.Sidecar.Commands;

/// <summary><c>workerhost config schema</c>: the JSON schema of the configuration file.</summary>
internal sealed class ConfigSchema : Command, IHasExamples
{
    private const string Resource = "workerhost.schema.json";

    public ConfigSchema(Surroundings around)
        : base("schema", $"Writes the JSON schema of {ConfigurationFile.Name}, for editors: \"$schema\": \"./{Resource}\".") =>
        SetAction((_, token) => Guard.RunAsync(around, async _ =>
        {
            using var schema = new StreamReader(typeof(ConfigSchema).Assembly.GetManifestResourceStream(Resource)!);
            await around.Text.WriteAsync(await schema.ReadToEndAsync(CancellationToken.None).ConfigureAwait(false)).ConfigureAwait(false);
            return ExitCode.Done;
        }, token));

    public IEnumerable<string> Examples => [$"workerhost config schema > {Resource}"];
}
