namespace WorkerHost.Conformance.Tests;

public sealed class Dotnet : IKind
{
    public static string Name => "dotnet";
}

public sealed class Python : IKind
{
    public static string Name => "python";
}

public sealed class Node : IKind
{
    public static string Name => "node";
}

/// <summary>.NET, <c>WorkerApplication</c>.</summary>
public sealed class DotnetWorkerTests(WorkerFixture<Dotnet> worker) : WorkerTests<Dotnet>(worker);
