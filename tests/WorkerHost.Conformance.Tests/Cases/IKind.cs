namespace WorkerHost.Conformance.Tests;

/// <summary>Which entry of workers.json or clients.json a class of tests is about.</summary>
public interface IKind
{
    static abstract string Name { get; }
}

public sealed class Dotnet : IKind
{
    public static string Name => "dotnet";
}

public sealed class Python : IKind
{
    public static string Name => "python";
}

public sealed class Grpcio : IKind
{
    public static string Name => "grpcio";
}

public sealed class Node : IKind
{
    public static string Name => "node";
}

public sealed class Ruby : IKind
{
    public static string Name => "ruby";
}
