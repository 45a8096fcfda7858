namespace WorkerHost.Client.Tests;

/// <summary>A promise did not hold in a simulated schedule.</summary>
internal sealed class SimulationViolation(string what) : Exception(what);
