namespace WorkerHost.Conformance.Tests;

/// <summary>Python, <c>workerhost.connect</c>.</summary>
public sealed class PythonClientTests(ForeignRunner<Python> runner) : ForeignClientTests<Python>(runner);

/// <summary>Node, <c>workerhost</c>'s <c>connect</c>.</summary>
public sealed class NodeClientTests(ForeignRunner<Node> runner) : ForeignClientTests<Node>(runner);
