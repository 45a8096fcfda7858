using WorkerHost.Sidecar.Commands;

namespace WorkerHost.Sidecar;

/// <summary>The workerhost command.</summary>
internal static class Program
{
    public static Task<int> Main(string[] args) => Root.RunAsync(args, Surroundings.OfProcess());
}
