using System.Collections.Immutable;
using System.Reflection;

namespace WorkerHost;

/// <summary>
/// What a worker process is started as. The supervisor adds <c>--workerhost-worker POOL</c> at the end of the arguments,
/// so that people and tools find its workers.
/// </summary>
public sealed record WorkerCommand
{
    /// <summary>
    /// The program: a path (relative ones from the host's current directory), or a bare name that is looked up in the
    /// host's PATH at every start.
    /// </summary>
    public required string FileName { get; init; }

    /// <summary>Its arguments, passed as they are; no shell is involved. Default: none.</summary>
    public ImmutableArray<string> Arguments { get; init; } = [];

    /// <summary>Where it runs. Default: the host's current directory.</summary>
    public string? WorkingDirectory { get; init; }

    /// <summary>
    /// Environment variables it gets beside the inherited ones, which they replace. Names may hold anything but <c>=</c> and NUL, also
    /// what no shell could write (<c>Logging:LogLevel:Default</c>); see docs/isolation.md for what such names need. Default: none.
    /// </summary>
    public ImmutableDictionary<string, string> Environment { get; init; } = ImmutableDictionary<string, string>.Empty;

    /// <summary>A command from a program and its arguments.</summary>
    public static WorkerCommand Create(string fileName, params string[] arguments) =>
        new() { FileName = fileName, Arguments = [.. arguments] };

    /// <summary>
    /// This very program, started once more: the program is its own worker. Where it runs as <c>dotnet app.dll</c>, the
    /// path of <c>app.dll</c> is put before the arguments.
    /// </summary>
    /// <exception cref="InvalidOperationException">The program cannot tell where it was started from.</exception>
    public static WorkerCommand Self(params string[] arguments)
    {
        var executable = System.Environment.ProcessPath
            ?? throw new InvalidOperationException("the path of the running executable is not known; name a FileName instead of Self()");
        return IsMuxer(executable)
            ? Create(executable, [EntryAssembly(), .. arguments])
            : Create(executable, arguments);
    }

    private static bool IsMuxer(string executable) =>
        string.Equals(Path.GetFileNameWithoutExtension(executable), "dotnet", StringComparison.OrdinalIgnoreCase);

    private static string EntryAssembly()
    {
        // Assembly.Location is empty in a single file, but a single file is never run by the muxer.
        var name = Assembly.GetEntryAssembly()?.GetName().Name;
        var path = name is null ? null : Path.Combine(AppContext.BaseDirectory, name + ".dll");
        return path is not null && File.Exists(path)
            ? path
            : throw new InvalidOperationException("the running program's assembly is not a file; name a FileName instead of Self()");
    }
}
