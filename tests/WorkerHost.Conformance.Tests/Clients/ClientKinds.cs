namespace WorkerHost.Conformance.Tests;

/// <summary>Python, <c>workerhost.connect</c>.</summary>
public sealed class PythonClientTests(ForeignRunner<Python> runner) : ForeignClientTests<Python>(runner);
