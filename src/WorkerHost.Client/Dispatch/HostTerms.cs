namespace WorkerHost.Client;

/// <summary>What the hello of a host promises of tasks whose session breaks (the capability "attach").</summary>
/// <param name="Instance">Another start of the host has another, and knows nothing of what this one had.</param>
/// <param name="KeepsFor">So long a task goes on after its session broke before its client has come back.</param>
internal sealed record HostTerms(string Instance, TimeSpan KeepsFor)
{
    /// <summary>What a host says beyond this is cut to it: longer no timer runs.</summary>
    private static readonly TimeSpan AtMost = TimeSpan.FromDays(1);

    /// <summary>Null: the endpoint keeps nothing.</summary>
    public static HostTerms? Of(V1.EndpointHello hello) =>
        hello.Capabilities.Contains(Capability.Attach) && hello.HostInstance.Length > 0
            ? new HostTerms(hello.HostInstance, TimeSpan.FromMilliseconds(Math.Min(hello.AbandonedAfterMs, AtMost.TotalMilliseconds)))
            : null;
}
