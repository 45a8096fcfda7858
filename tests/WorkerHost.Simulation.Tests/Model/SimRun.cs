using WorkerHost.Client;

namespace WorkerHost.Simulation.Tests;

/// <summary>One task as a worker has it: waiting, or in a lane.</summary>
internal sealed class SimRun(SimTask task, ulong sequence, int attempt)
{
    public SimTask Task => task;

    public ulong Sequence => sequence;

    public int Attempt => attempt;

    public bool CancelAsked;
}

/// <summary>What a worker answers about one task.</summary>
internal readonly record struct SimAnswer(ulong Sequence, AttemptOutcome Outcome, bool Recalled, long ServiceMicroseconds);

/// <summary>What a pool writes at once.</summary>
internal sealed class SimRequest
{
    public List<SimRun> Tasks { get; } = [];

    public List<ulong> Cancels { get; } = [];

    public List<ulong> Recalls { get; } = [];
}

/// <summary>What a worker writes at once.</summary>
/// <param name="Answers">Outcomes, and tasks given back.</param>
/// <param name="Draining">It takes nothing new.</param>
/// <param name="End">The last: the session ends.</param>
internal sealed record SimResponse(List<SimAnswer> Answers, bool Draining, bool End);
