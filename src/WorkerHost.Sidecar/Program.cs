using System.CommandLine;

namespace WorkerHost.Sidecar;

/// <summary>The workerhost command.</summary>
internal static class Program
{
    public static Task<int> Main(string[] args) => Commands.Root.Create().Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null });
}
