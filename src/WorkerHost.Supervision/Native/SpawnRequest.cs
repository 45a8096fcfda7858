namespace WorkerHost.Supervision;

/// <summary>A process to be started, all decisions made.</summary>
internal sealed record SpawnRequest
{
    /// <summary>The full path of the executable.</summary>
    public required string Executable { get; init; }

    /// <summary>argv, its first element included.</summary>
    public required IReadOnlyList<string> Arguments { get; init; }

    /// <summary>"NAME=value".</summary>
    public required IReadOnlyList<string> Environment { get; init; }

    public string? WorkingDirectory { get; init; }

    /// <summary>What its stdin holds before anything else; at most a pipe's 64 KiB.</summary>
    public ReadOnlyMemory<byte> FirstInput { get; init; }

    /// <summary>Its stdin, where somebody has something to write before it is there; null: one is made.</summary>
    public InputPipe? Input { get; init; }

    /// <summary>Its stdout and stderr go to the listener; otherwise to /dev/null.</summary>
    public bool CaptureOutput { get; init; } = true;

    /// <summary>Its group is to be killed when this process dies.</summary>
    public bool Guarded { get; init; } = true;

    /// <summary>The group it joins by itself, and that is killed with it; null: none.</summary>
    public ControlGroup? ControlGroup { get; init; }

    /// <summary>Watch it as on a kernel without pidfd; for tests of that way.</summary>
    public bool WithoutPidfd { get; init; }
}
