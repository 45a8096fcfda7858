using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace WorkerHost.Supervision;

/// <summary>
/// Finds the program of a command and says what is wrong with it before anything is spawned. Done at every start:
/// programs are replaced under running hosts.
/// </summary>
internal static class CommandResolver
{
    private const int Existence = 0;
    private const int ExecutePermission = Libc.X_OK;

    /// <exception cref="SpawnException">Names the path and what is wrong with it.</exception>
    public static ResolvedCommand Resolve(WorkerCommand command, string? searchPath)
    {
        if (command.WorkingDirectory is { } directory && !Directory.Exists(directory))
        {
            throw new SpawnException($"working directory '{directory}': {(File.Exists(directory) ? "is no directory" : "not found")} (WorkerCommand.WorkingDirectory)");
        }

        var name = command.FileName;
        if (string.IsNullOrEmpty(name))
        {
            throw new SpawnException("the command has no program (WorkerCommand.FileName is empty)");
        }

        if (name.Contains('/', StringComparison.Ordinal))
        {
            var path = Path.GetFullPath(name);
            return Problem(path) is { } problem ? throw new SpawnException($"'{path}': {problem}") : Inspect(path);
        }

        return Search(name, searchPath ?? "");
    }

    private static ResolvedCommand Search(string name, string searchPath)
    {
        string? nearest = null;
        foreach (var folder in searchPath.Split(':', StringSplitOptions.RemoveEmptyEntries))
        {
            var path = Path.Combine(Path.GetFullPath(folder), name);
            var problem = Problem(path);
            if (problem is null)
            {
                return Inspect(path);
            }

            if (File.Exists(path))
            {
                nearest ??= $"'{path}': {problem}";
            }
        }

        throw new SpawnException(nearest ?? $"'{name}': not found in PATH ({searchPath})");
    }

    private static string? Problem(string path)
    {
        if (Directory.Exists(path))
        {
            return "is a directory, not a program";
        }

        if (!File.Exists(path))
        {
            return "not found";
        }

        if (Libc.access(path, Existence) != 0)
        {
            return $"leads to nothing: {Libc.Message(Libc.Errno)}";
        }

        return Libc.access(path, ExecutePermission) == 0 ? null : "not executable: permission denied (chmod +x?)";
    }

    private static ResolvedCommand Inspect(string path) => new(path, !IsNative(path));

    /// <summary>
    /// A script with an interpreter, or an ELF file for this processor. ELF header: magic, class (1: 32 bits, 2: 64), data
    /// (1: little-endian), and at 18 the machine.
    /// </summary>
    private static bool IsNative(string path)
    {
        Span<byte> header = stackalloc byte[20];
        try
        {
            using var file = File.OpenHandle(path);
            header = header[..RandomAccess.Read(file, header, 0)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Executable but not readable is fine for the kernel.
            return true;
        }

        if (header.StartsWith("#!"u8))
        {
            return true;
        }

        const int LittleEndian = 1;
        ushort native = RuntimeInformation.OSArchitecture switch
        {
            Architecture.X64 => 62,
            Architecture.Arm64 => 183,
            Architecture.X86 => 3,
            Architecture.Arm => 40,
            Architecture.RiscV64 => 243,
            _ => 0,
        };
        return header.Length == 20 && header.StartsWith("\u007fELF"u8)
            && (native == 0 || (header[5] == LittleEndian && BinaryPrimitives.ReadUInt16LittleEndian(header[18..]) == native));
    }
}
