using System.CommandLine;

namespace WorkerHost.Sidecar.Commands;

/// <summary>The commands there are; each has a file of its own beside this one.</summary>
internal static class Root
{
    public static RootCommand Create() => new("Pools of worker processes beside any app, for gRPC clients of any language.")
    {
        ConfigCommand.Create(),
        new Serve(),
    };
}
