namespace WorkerHost.Conformance.Tests;

/// <summary>.NET, <c>WorkerApplication</c>.</summary>
public sealed class DotnetWorkerTests(WorkerFixture<Dotnet> worker) : WorkerTests<Dotnet>(worker);

/// <summary>Python, <c>workerhost.worker</c>.</summary>
public sealed class PythonWorkerTests(WorkerFixture<Python> worker) : WorkerTests<Python>(worker);
