using System.Collections.Immutable;
using System.Net.Security;
using Grpc.Core;

namespace WorkerHost;

/// <summary>One worker that takes tasks: who it is and how to reach it.</summary>
/// <param name="Id">Which worker.</param>
/// <param name="Address"><c>unix:///path</c> or <c>http://127.0.0.1:port</c>.</param>
/// <param name="Pid">The process that must be at the other end of a Unix socket; 0 when unknown (a bare address).</param>
/// <param name="Secret">What a TCP endpoint wants as bearer token; null on Unix sockets.</param>
/// <param name="Concurrency">How many tasks it runs at the same time, as far as its supervisor knows; its hello has the last word.</param>
/// <param name="MaxTasks">After so many tasks its pool gives it no more and asks for its replacement; 0: no limit.</param>
internal sealed record WorkerEndpoint(WorkerId Id, Uri Address, int Pid, string? Secret, int Concurrency, long MaxTasks = 0)
{
    /// <summary>The way to one whose lanes are threads of this very process; null: over its address.</summary>
    public CallInvoker? InProcess { get; init; }

    /// <summary>How TLS is spoken at an address of https; null: as the system does.</summary>
    public SslClientAuthenticationOptions? Tls { get; init; }

    /// <summary>Which pool of the host at a bare address; null: its only one.</summary>
    public string? HostPool { get; init; }

    /// <summary>Who and where; the secret is printed nowhere.</summary>
    public override string ToString() => $"{Id} at {Address}";
}

/// <summary>An observed end of a worker, with what its ledger says of the tasks it had.</summary>
internal sealed record WorkerDeath(DeathReport Report, LedgerEvidence Evidence);

/// <summary>Whether waiting for a worker makes sense.</summary>
/// <param name="Hopeless">Every slot has failed so often that its breaker is open: fail waiting tasks instead of holding them.</param>
/// <param name="LastDeath">The death to show to whoever is refused.</param>
/// <param name="NextTry">How long until the first slot tries again; null when one is starting or ready.</param>
/// <param name="NoneWanted">Why there is no worker where that is no failure: somebody wanted none. Null: they are wanted.</param>
/// <param name="Unreachable">Where endpoints are only connected to: why none of them can be. Null: a supervisor starts them.</param>
internal sealed record WorkerOutlook(bool Hopeless, DeathReport? LastDeath, TimeSpan? NextTry, string? NoneWanted = null, string? Unreachable = null)
{
    public static WorkerOutlook Hopeful { get; } = new(false, null, null);
}

/// <summary>
/// What a supervisor says about its workers: an immutable snapshot, made anew at every change. Each subscriber gets
/// every set, in order, so that no death is missed.
/// </summary>
/// <param name="Version">Rises by one with every set.</param>
/// <param name="Ready">Who takes tasks.</param>
/// <param name="Spares">Who is ready to take a place in <paramref name="Ready"/>: connect to them, but give them nothing.</param>
/// <param name="Draining">Who is alive, finishes what it has and must get nothing new.</param>
/// <param name="Deaths">Deaths observed since the set before; each appears in exactly one set.</param>
/// <param name="Outlook">Whether it makes sense to wait when nobody is ready.</param>
internal sealed record WorkerSet(
    long Version,
    ImmutableArray<WorkerEndpoint> Ready,
    ImmutableArray<WorkerEndpoint> Spares,
    ImmutableArray<WorkerId> Draining,
    ImmutableArray<WorkerDeath> Deaths,
    WorkerOutlook Outlook)
{
    public static WorkerSet Empty { get; } = new(0, [], [], [], [], WorkerOutlook.Hopeful);
}
