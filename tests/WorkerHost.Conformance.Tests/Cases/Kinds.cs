namespace WorkerHost.Conformance.Tests;

/// <summary>An entry of workers.json.</summary>
internal sealed record WorkerKind
{
    public required string Name { get; init; }

    public required string Title { get; init; }

    public required IReadOnlyList<string> Command { get; init; }

    public Dictionary<string, string> Environment { get; init; } = [];

    public IReadOnlyList<string> Capabilities { get; init; } = [];

    /// <summary>Run in the repository before the first start, where the worker is not made by the build; its last line is put in the place of {prepared}.</summary>
    public IReadOnlyList<string> Prepare { get; init; } = [];

    /// <summary>Files that must be there, of tools that a distribution installs.</summary>
    public IReadOnlyList<string> Tools { get; init; } = [];
}

/// <summary>An entry of clients.json.</summary>
internal sealed record ClientKind
{
    public required string Name { get; init; }

    public required string Title { get; init; }

    /// <summary>Empty: the runner is the test program itself.</summary>
    public IReadOnlyList<string> Command { get; init; } = [];

    public Dictionary<string, string> Environment { get; init; } = [];

    public IReadOnlyList<string> Prepare { get; init; } = [];

    public IReadOnlyList<string> Capabilities { get; init; } = [];

    public IReadOnlyList<string> Tools { get; init; } = [];
}
