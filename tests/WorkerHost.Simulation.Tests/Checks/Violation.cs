namespace WorkerHost.Simulation.Tests;

/// <summary>A promise did not hold in a schedule.</summary>
internal sealed class Violation(string what) : Exception(what);
