using System.CommandLine;

namespace WorkerHost.Sidecar.Commands;

/// <summary><c>workerhost config</c>: what a host would be told, without one.</summary>
internal sealed class Config : Command
{
    public Config(Surroundings around)
        : base("config", "Looks at a configuration without starting anything.")
    {
        Add(new ConfigCheck(around));
        Add(new ConfigShow(around));
        Add(new ConfigSchema(around));
    }
}
