namespace WorkerHost.Conformance.Tests;

/// <summary>.NET, <c>WorkerApplication</c>.</summary>
public sealed class DotnetWorkerTests(WorkerFixture<Dotnet> worker) : WorkerTests<Dotnet>(worker);

/// <summary>Python, <c>workerhost.worker</c>.</summary>
public sealed class PythonWorkerTests(WorkerFixture<Python> worker) : WorkerTests<Python>(worker);

/// <summary>Python with grpcio and stubs, without an SDK: the smallest contract.</summary>
public sealed class GrpcioWorkerTests(WorkerFixture<Grpcio> worker) : WorkerTests<Grpcio>(worker);

/// <summary>Node, <c>workerhost/worker</c>.</summary>
public sealed class NodeWorkerTests(WorkerFixture<Node> worker) : WorkerTests<Node>(worker);

/// <summary>Ruby with its gRPC and stubs: the smallest contract in another language.</summary>
public sealed class RubyWorkerTests(WorkerFixture<Ruby> worker) : WorkerTests<Ruby>(worker);
