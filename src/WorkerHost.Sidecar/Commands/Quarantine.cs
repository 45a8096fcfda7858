using System.CommandLine;

namespace WorkerHost.Sidecar.Commands;

/// <summary><c>workerhost quarantine</c>: tasks that are not run any more because workers died of them.</summary>
internal sealed class Quarantine : Command
{
    public Quarantine(Surroundings around)
        : base("quarantine", "Tasks that are not run any more because workers died of them.")
    {
        Add(new QuarantineList(around));
        Add(new QuarantineRelease(around));
    }
}
