using System.Globalization;

namespace WorkerHost.Sidecar.Commands;

/// <summary>A worker's death in a few words, from what a host says of it.</summary>
internal static class DeathText
{
    /// <summary>How the process ended: <c>SIGKILL</c>, <c>exit code 3</c>, <c>no process</c>.</summary>
    public static string Exit(V1.DeathReport death) =>
        death.Signal.Length > 0 ? death.Signal
        : death.ExitCode >= 0 ? string.Create(CultureInfo.InvariantCulture, $"exit code {death.ExitCode}")
        : "no process";

    /// <summary>Why, and how: <c>Crash, SIGSEGV</c>.</summary>
    public static string Of(V1.DeathReport death) => $"{(DeathCause)death.Cause}, {Exit(death)}";
}
